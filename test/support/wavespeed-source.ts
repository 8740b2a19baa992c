import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";

export type SourceServer = AsyncDisposable & { readonly base: string };

/** Serves files to whoever fetches a source; any other path is 404. */
export async function serveSources(files: Readonly<Record<string, Uint8Array | string>>): Promise<SourceServer> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ""];
    response.statusCode = file === undefined ? 404 : 200;
    response.end(file ?? "not here");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    base: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
