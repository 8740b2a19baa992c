import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import type { RunwareSettings } from "../../src/dialects/runware/context.ts";
import { runwareRoutes } from "../../src/dialects/runware/routes.ts";
import { createRunwareWebhooks } from "../../src/dialects/runware/webhook.ts";
import { type DialectServer, startDialectServer } from "./dialect-server.ts";

export const model = "bytedance:50@1";
export const videoUrl = "https://example.com/clip.mp4?signature=1";
/** The start of an MP4 file, long enough to be told from a slip in base64. */
export const clipBytes = Buffer.concat([Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), Buffer.alloc(100, 7)]);

export type RunwareServer = DialectServer & {
  /** Two accounts' keys. */
  readonly alice: string;
  readonly bob: string;
  /** `ws://127.0.0.1:port/v1`. */
  readonly socketUrl: string;
  /** Breaks every connection off, without a word. */
  readonly dropConnections: () => void;
};

export type RunwareServerOptions = Partial<RunwareSettings> & { readonly clock?: Clock; readonly isOpen?: boolean };

export async function startRunwareServer(options: RunwareServerOptions = {}): Promise<RunwareServer> {
  const { clock, isOpen = false, ...settings } = options;
  const server = await startDialectServer({
    dialect: "runware",
    routes: (parts) => runwareRoutes({ target: "1080p", ...parts, ...settings }),
    webhooks: (parts) => createRunwareWebhooks({ ...parts, ...settings }),
    ...(clock !== undefined && { clock }),
  });
  const sockets = new Set<Socket>();
  server.app.server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const key = async (name: string): Promise<string> => (isOpen ? name : (await server.accounts.createKey({ name })).credential);
  return {
    ...server,
    alice: await key("alice"),
    bob: await key("bob"),
    socketUrl: `${server.base.replace("http", "ws")}/v1`,
    dropConnections: () => sockets.forEach((socket) => socket.destroy()),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export type Body = {
  readonly data?: readonly Readonly<Record<string, unknown>>[];
  readonly errors?: readonly Readonly<Record<string, unknown>>[];
  readonly error?: Readonly<Record<string, unknown>>;
};

export type PostOptions = {
  readonly key?: string | undefined;
  readonly path?: string;
  readonly headers?: Record<string, string>;
};

/** Posts a body as it is, or tasks as JSON. */
export async function post(
  server: RunwareServer,
  body: unknown,
  options: PostOptions = {},
): Promise<{ status: number; body: Body }> {
  const { key = "key" in options ? undefined : server.alice, path = "/v1", headers = {} } = options;
  const response = await fetch(`${server.base}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Body }; // each field is compared
}

export function upscaleTask(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> & { taskUUID: string } {
  return { taskType: "upscale", taskUUID: randomUUID(), model, inputs: { video: videoUrl }, ...changes };
}

export function pollTask(taskUUID: string): Readonly<Record<string, unknown>> {
  return { taskType: "getResponse", taskUUID };
}

/** A WebSocket without a client's manners, closed when the test ends. */
export class RawSocket {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  #arrived = Promise.withResolvers<void>();
  readonly closed: Promise<{ readonly code: number }>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#frames.push(String(data));
      this.#arrived.resolve();
    });
    this.closed = new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve({ code }), { once: true }));
  }

  static async open(url: string): Promise<RawSocket> {
    const socket = new WebSocket(url);
    const raw = new RawSocket(socket);
    onTestFinished(() => socket.close());
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("the WebSocket was not opened")), { once: true });
    });
    return raw;
  }

  /** Opens one and presents a key. */
  static async authenticated(
    url: string,
    apiKey: string,
    connectionSessionUUID?: string,
  ): Promise<RawSocket & { session: string }> {
    const raw = await RawSocket.open(url);
    raw.send([{ taskType: "authentication", apiKey, ...(connectionSessionUUID !== undefined && { connectionSessionUUID }) }]);
    const session = String((await raw.next()).data?.[0]?.["connectionSessionUUID"]);
    return Object.assign(raw, { session });
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next frame, in the order of their coming. */
  async next(): Promise<Body> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return JSON.parse(frame) as Body; // each field is compared
      this.#arrived = Promise.withResolvers<void>();
      await this.#arrived.promise;
    }
  }

  async ask(task: unknown): Promise<Body> {
    this.send([task]);
    return await this.next();
  }

  /** Frames that came and were not looked at. */
  get waiting(): number {
    return this.#frames.length;
  }

  close(): void {
    this.#socket.close();
  }
}
