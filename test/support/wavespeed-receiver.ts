import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

export type Receiver = AsyncDisposable & { readonly url: string; readonly received: readonly Received[] };

/** A callback's target that answers with these statuses in turn, the last one for good. */
export async function startReceiver(statuses: readonly number[]): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    response.statusCode = statuses[Math.min(received.length, statuses.length - 1)] ?? 200;
    received.push({ headers: request.headers, body: await text(request) });
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Verifies as the documentation has receivers do it. */
export function isGenuine({ headers, body }: Received, secret: string, nowMs: number): boolean {
  const id = String(headers["webhook-id"]);
  const timestamp = String(headers["webhook-timestamp"]);
  const [version, given = ""] = String(headers["webhook-signature"]).split(",");
  if (version !== "v3" || Math.abs(nowMs / 1000 - Number(timestamp)) > 300) return false;
  const wanted = createHmac("sha256", secret.replace(/^whsec_/, ""))
    .update(`${id}.${timestamp}.${body}`)
    .digest("hex");
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}
