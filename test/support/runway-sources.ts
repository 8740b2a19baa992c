import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export type SourceHost = AsyncDisposable & {
  /** `http://127.0.0.1:port`. */
  readonly base: string;
  readonly seen: { readonly method: string; readonly path: string; readonly userAgent: string }[];
};

/** A web server that callers' videos lie on. */
export async function startSourceHost(answers: Readonly<Record<string, Answer>>): Promise<SourceHost> {
  const seen: SourceHost["seen"] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    seen.push({ method: request.method ?? "", path, userAgent: request.headers["user-agent"] ?? "" });
    const answer = answers[path] ?? status(404);
    answer(request, response);
    if (request.method === "HEAD" && response.headersSent) response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // listens on TCP
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Bytes under a declared type. */
export function file(bytes: Buffer | string, contentType = "video/mp4"): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": contentType, "content-length": Buffer.byteLength(bytes) });
    response.end(bytes);
  };
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, headers);
    response.end();
  };
}
