import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { z } from "zod";

export type ReceivedCallback = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A target for one callback, on this machine. */
export class CallbackReceiver implements AsyncDisposable {
  readonly url: string;
  readonly received: Promise<ReceivedCallback>;
  readonly #server: Server;

  private constructor(server: Server, port: number, received: Promise<ReceivedCallback>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/callback`;
    this.received = received;
  }

  static async start(): Promise<CallbackReceiver> {
    const { promise, resolve } = Promise.withResolvers<ReceivedCallback>();
    const server = createServer(async (request, response) => {
      resolve({ headers: request.headers, body: await text(request) });
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = z.object({ port: z.int() }).parse(server.address());
    return new CallbackReceiver(server, port, promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
