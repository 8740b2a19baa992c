import { createHash, createPublicKey, verify } from "node:crypto";
import { createServer, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpoint, videoUrl } from "../../support/fal-client.ts";
import { type FalServer, startFalServer } from "../../support/fal-server.ts";

let server: FalServer;
beforeAll(async () => {
  server = await startFalServer({ limits: { keepAliveMs: 20 } });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const auth = { authorization: "Key alice:secret" };
const app = "fal-ai/bytedance-upscaler";

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/** A request with a Host header of its own, which fetch does not allow. */
function callAs(host: string, path: string, options: { method?: string; body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...auth, host };
    const request = httpRequest(server.base + path, { method: options.method ?? "GET", headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

test("a request to a hosted name is served as that host, and hands out hosted names", async () => {
  const submitted = await callAs("queue.fal.run", `/${endpoint}`, {
    method: "POST",
    body: JSON.stringify({ video_url: videoUrl }),
  });
  expect(submitted.status).toBe(200);
  const handle = JSON.parse(submitted.text) as { request_id: string; status_url: string }; // of that shape, see client.test.ts
  expect(handle.status_url).toBe(`https://queue.fal.run/${app}/requests/${handle.request_id}/status`);
  await server.driver.workOnce();
  const result = await callAs("queue.fal.run", `/${app}/requests/${handle.request_id}/`);
  const { video } = JSON.parse(result.text) as { video: { url: string } }; // of that shape, see client.test.ts
  expect(video.url).toMatch(/^https:\/\/v3\.fal\.media\/files\//);
  expect((await callAs("v3.fal.media", new URL(video.url).pathname)).status).toBe(200);
});

test.each([
  [undefined, 400],
  ["nonsense", 400],
  ["https://evil.example/fal-ai/x", 400],
  ["ftp://queue.fal.run/x", 400],
  [`https://fal.run/${endpoint}`, 405],
])("the proxy endpoint answers the target %s with %i", async (target, status) => {
  const response = await fetch(`${server.base}/fal/proxy`, {
    headers: { ...auth, ...(target !== undefined && { "x-fal-target-url": target }) },
  });
  expect(response.status).toBe(status);
  if (status === 400) expect(await response.json()).toBe("Invalid request");
});

test("browsers may call everything", async () => {
  const preflight = await fetch(`${server.base}/fal/queue/${endpoint}`, {
    method: "OPTIONS",
    headers: { origin: "https://a.example", "access-control-request-headers": "authorization,x-fal-queue-priority" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, POST, PUT, DELETE, OPTIONS");
  expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,x-fal-queue-priority");
  const refused = await fetch(`${server.base}/fal/queue/${endpoint}`);
  expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  expect(refused.headers.get("access-control-expose-headers")).toContain("x-fal-request-id");
});

test("a synchronous caller who leaves has the job cancelled", async () => {
  const left = new AbortController();
  const body = JSON.stringify({ video_url: `${videoUrl}?left` });
  const run = fetch(`${server.base}/fal/run/${endpoint}`, { method: "POST", headers: auth, body, signal: left.signal });
  const claim = await server.driver.start();
  left.abort();
  await expect(run).rejects.toThrow(/abort/);
  for await (const event of server.jobs.watch(claim.job.id, AbortSignal.timeout(5_000))) if (event.type === "state") break;
  expect((await server.jobs.get("alice", claim.job.id))?.state).toBe("cancelled");
});

test("a stream that is silent says so, and ends when the job does", async () => {
  const submitted = await fetch(`${server.base}/fal/queue/${endpoint}`, {
    method: "POST",
    headers: auth,
    body: JSON.stringify({ video_url: videoUrl }),
  });
  const { status_url: url } = (await submitted.json()) as { status_url: string }; // of that shape, see client.test.ts
  const stream = await fetch(`${url}/stream`, { headers: auth });
  expect(stream.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  let work: Promise<void> | undefined;
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(": keepalive")) work ??= server.driver.workOnce();
  }
  await work;
  expect(text).toMatch(/^data: \{"status":"IN_QUEUE"/);
  expect(text).toMatch(/data: \{"status":"COMPLETED".*\n\n$/);
  expect(text).not.toContain('"logs"');
});

describe("webhooks", () => {
  test("are signed by the published key and carry the result", async () => {
    const hook = Promise.withResolvers<{ readonly body: Buffer; readonly headers: IncomingHttpHeaders }>();
    const target = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        hook.resolve({ body: Buffer.concat(chunks), headers: request.headers });
        response.end();
      });
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const { port } = target.address() as AddressInfo; // listens on TCP
    const query = `?fal_webhook=${encodeURIComponent(`http://127.0.0.1:${port}/hook`)}`;
    const post = (body: string): Promise<Response> =>
      fetch(`${server.base}/fal/queue/${endpoint}${query}`, { method: "POST", headers: auth, body });
    const submitted = await post(JSON.stringify({ video_url: videoUrl }));
    const { request_id: id } = (await submitted.json()) as { request_id: string }; // of that shape, see client.test.ts
    await server.driver.workOnce();
    await server.delivery.runDue();
    const { body, headers } = await hook.promise;
    target.close();

    const keys = await (await fetch(`${server.base}/fal/rest/.well-known/jwks.json`)).json();
    const [jwk] = (keys as { keys: { [name: string]: string }[] }).keys; // checked by using it
    const hash = createHash("sha256").update(body).digest("hex");
    const signed = [id, "alice", headers["x-fal-webhook-timestamp"], hash].join("\n");
    const signature = Buffer.from(String(headers["x-fal-webhook-signature"]), "hex");
    expect(verify(null, Buffer.from(signed), createPublicKey({ key: jwk ?? {}, format: "jwk" }), signature)).toBe(true);
    const result = await (await fetch(`${server.base}/fal/queue/${app}/requests/${id}`, { headers: auth })).json();
    expect(JSON.parse(body.toString())).toEqual({
      request_id: id,
      gateway_request_id: id,
      status: "OK",
      error: null,
      payload: result,
    });
  });

  test("tell of input that was wrong from the start, too", async () => {
    const query = `?fal_webhook=${encodeURIComponent("http://127.0.0.1:9/hook")}`;
    await fetch(`${server.base}/fal/queue/${endpoint}${query}`, { method: "POST", headers: auth, body: "{}" });
    const [delivery] = await server.delivery.list("alice");
    expect(JSON.parse(delivery?.message.body ?? "")).toMatchObject({
      status: "ERROR",
      error: "Invalid status code: 422",
      payload: { detail: [{ type: "missing" }] },
    });
  });
});

test("the OpenAPI document and the price list are there for the model, and for no other", async () => {
  const document = await fetch(`${server.base}/fal/site/api/openapi/queue/openapi.json?endpoint_id=${endpoint}`);
  expect(await document.json()).toMatchObject({
    openapi: "3.0.4",
    servers: [{ url: `${server.base}/fal/queue` }],
    components: {
      schemas: {
        BytedanceUpscalerUpscaleVideoInput: {
          required: ["video_url"],
          "x-fal-order-properties": [
            "video_url",
            "target_resolution",
            "target_fps",
            "enhancement_preset",
            "enhancement_tier",
            "scale_ratio",
            "fidelity",
          ],
        },
      },
    },
    paths: { [`/${endpoint}`]: {}, [`/${endpoint}/requests/{request_id}/cancel`]: {} },
  });
  expect((await fetch(`${server.base}/fal/site/api/openapi/queue/openapi.json`)).status).toBe(404);
  const prices = await fetch(`${server.base}/fal/api/v1/models/pricing?endpoint_id=${endpoint}`, { headers: auth });
  expect(await prices.json()).toEqual({
    prices: [{ endpoint_id: endpoint, unit_price: 0.0072, unit: "seconds", currency: "USD" }],
    next_cursor: null,
    has_more: false,
  });
});
