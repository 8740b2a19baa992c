import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createFalClient } from "@fal-ai/client";
import { handleRequest } from "@fal-ai/server-proxy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endpoint, videoUrl } from "../../support/fal-client.ts";
import { type FalServer, startFalServer } from "../../support/fal-server.ts";

let server: FalServer;
let proxy: Server;
let proxyUrl: string;

beforeAll(async () => {
  server = await startFalServer();
  proxy = createServer((request, response) => void forward(request, response));
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo; // listens on TCP
  proxyUrl = `http://127.0.0.1:${port}/api/fal/proxy`;
}, 60_000);
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await server[Symbol.asyncDispose]();
});

/** The published proxy in an app server, which adds the key that the browser does not have. */
async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await handleRequest(
    {
      id: "test",
      method: request.method ?? "GET",
      respondWith: (status, data) => void response.writeHead(status).end(JSON.stringify(data)),
      getHeaders: () => request.headers,
      getHeader: (name) => request.headers[name],
      sendHeader: (name, value) => void response.setHeader(name, value),
      getRequestBody: () => text(request),
      sendResponse: async (reply) => void response.writeHead(reply.status).end(Buffer.from(await reply.arrayBuffer())),
    },
    {
      allowedUrlPatterns: [`${new URL(server.base).host}/fal/**`],
      allowedEndpoints: ["fal/**"],
      allowUnauthorizedRequests: true,
      isAuthenticated: () => Promise.resolve(true),
      resolveFalAuth: () => Promise.resolve("Key alice:secret"),
    },
  );
}

test("a client without a key works through the published proxy, uploads included", async () => {
  const client = createFalClient({
    credentials: "",
    proxyUrl: { url: proxyUrl, when: "always" },
    requestMiddleware: (request) =>
      Promise.resolve({
        ...request,
        url: request.url
          .replace("https://queue.fal.run", `${server.base}/fal/queue`)
          .replace("https://fal.run", `${server.base}/fal/run`)
          .replace("https://rest.fal.ai", `${server.base}/fal/rest`),
      }),
  });
  const updates: string[] = [];
  const working = server.driver.workOnce();
  const { data, requestId } = await client.subscribe(endpoint, {
    input: { video_url: videoUrl },
    pollInterval: 5,
    onQueueUpdate: ({ status }) => updates.push(status),
  });
  await working;
  expect(data).toMatchObject({ duration: 10 });
  expect(requestId).not.toBe("");
  expect(updates.at(-1)).toBe("COMPLETED");
  const url = await client.storage.upload(new Blob(["bytes"], { type: "video/mp4" }));
  expect(await (await fetch(url)).text()).toBe("bytes");
});
