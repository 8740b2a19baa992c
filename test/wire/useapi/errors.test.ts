import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { UseapiClient } from "../../support/useapi-client.ts";
import { makeClip, png, startUseapiServer, type UseapiServer, wav } from "../../support/useapi-server.ts";

let server: UseapiServer;
let client: UseapiClient;
let clip: Buffer;
let assetId: string;
let assetUuid: string;
/** Uploads that were stored or given up. */
let storingEnded = 0;
/** What `authenticate` meets beside the real accounts. */
let misfortune: AppError | undefined;
/** What looking at an upload meets. */
let misfortuneLooking: AppError | undefined;
beforeAll(async () => {
  server = await startUseapiServer({
    change: (parts) => ({
      authenticate: async (credential, options) => {
        if (misfortune !== undefined) throw misfortune;
        return await parts.authenticate(credential, options);
      },
      inspectSource: (...asked) =>
        misfortuneLooking === undefined ? parts.inspectSource(...asked) : Promise.reject(misfortuneLooking),
      ingest: {
        storeUpload: (...upload) => parts.ingest.storeUpload(...upload).finally(() => (storingEnded += 1)),
      },
    }),
  });
  client = new UseapiClient(server);
  clip = await makeClip(2);
  ({ assetId, id: assetUuid } = await client.upload(clip));
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const refused = (status: number, error: string) => ({ status, body: { error, code: status } });
const unknown = randomUUID();
const prefix = "user:1-runwayml:me@upres.local";

describe("submit", () => {
  const malformed = "Parameter videoAssetId has incorrect format";
  const range = "Parameter maxJobs valid range 1...10";
  test.each<[Record<string, unknown> | string, number, string]>([
    ["{bad", 400, "Invalid JSON in request body"],
    ["", 400, "Invalid JSON in request body"],
    ["{}", 400, "Parameter videoAssetId is required"],
    ["[1]", 400, "Parameter videoAssetId is required"],
    [{ videoAssetId: "" }, 400, "Parameter videoAssetId is required"],
    [{ videoAssetId: null }, 400, "Parameter videoAssetId is required"],
    [{ videoAssetId: unknown }, 400, malformed],
    [{ videoAssetId: `${prefix}-task:${unknown}` }, 400, malformed],
    [{ videoAssetId: "https://example.com/clip.mp4" }, 400, malformed],
    [{ videoAssetId: 7 }, 400, malformed],
    [
      { videoAssetId: `user:77-runwayml:me@upres.local-asset:${unknown}` },
      403,
      "Unauthorized access to user:77 detected in videoAssetId",
    ],
    [{ videoAssetId: `${prefix}-asset:${unknown}` }, 404, `Unable to retrieve assetId ${unknown} (Not found.)`],
    [{ videoAssetId: "own", maxJobs: 0 }, 400, range],
    [{ videoAssetId: "own", maxJobs: 11 }, 400, range],
    [{ videoAssetId: "own", maxJobs: 2.5 }, 400, range],
    [{ videoAssetId: "own", maxJobs: "five" }, 400, range],
    [{ videoAssetId: "own", replyUrl: `https://cb.example/${"x".repeat(1024)}` }, 400, "replyUrl is too long"],
    [{ videoAssetId: "own", replyUrl: "Place your call back URL here" }, 400, "Parameter replyUrl has incorrect format"],
    [{ videoAssetId: "own", replyUrl: "file:///etc/passwd" }, 400, "Parameter replyUrl has incorrect format"],
    [{ videoAssetId: "own", replyRef: "x".repeat(1025) }, 400, "replyRef is too long"],
    [{ videoAssetId: "own", replyRef: "a\u0000b" }, 400, "Parameter replyRef has incorrect format"],
    [{ videoAssetId: "own", replyRef: "\ud800" }, 400, "Parameter replyRef has incorrect format"],
    [{ videoAssetId: "own", exploreMode: "yes" }, 400, "Parameter exploreMode must be boolean"],
    [{ videoAssetId: "own", exploreMode: 1 }, 400, "Parameter exploreMode must be boolean"],
  ])("%j answers %d %s and makes no job", async (given, status, error) => {
    const body = typeof given === "object" && given["videoAssetId"] === "own" ? { ...given, videoAssetId: assetId } : given;
    expect(await client.call("POST", "/videos/upscale", body, { "content-type": "application/json" })).toMatchObject(
      refused(status, error),
    );
    expect(await server.jobs.count("local")).toBe(0);
  });

  test("an asset of another local account is not found under this one's id", async () => {
    const other = assetId.replace("me@upres.local", "you@upres.local");
    expect(await client.upscale({ videoAssetId: other })).toMatchObject(
      refused(404, `Unable to retrieve assetId ${assetUuid} (Not found.)`),
    );
  });

  test.each([
    ["image", png, "image/png"],
    ["audio", wav, "audio/wav"],
  ])("%s is no video", async (kind, file, type) => {
    const { assetId: videoAssetId } = await client.upload(file, "x", type);
    expect(await client.upscale({ videoAssetId })).toMatchObject(
      refused(400, `videoAssetId must reference a video asset, got ${kind}`),
    );
  });

  test.each([
    [40.04, "40.04"],
    [41, "41.00"],
  ])("%d s are too long", async (seconds, text) => {
    const { assetId: videoAssetId } = await client.upload(await makeClip(seconds));
    expect(await client.upscale({ videoAssetId })).toMatchObject(
      refused(400, `videoAssetId duration (${text}s) exceeds maximum 40s for video upscale`),
    );
  });

  test("40 s are not too long", async () => {
    const { assetId: videoAssetId } = await client.upload(await makeClip(40));
    const { id } = await client.start({ videoAssetId });
    expect(await server.jobs.get("local", id)).toMatchObject({ priceMicros: 800_000n });
    await server.jobs.remove("local", id);
  });

  test("a body past the limit is refused", async () => {
    expect(await client.call("POST", "/videos/upscale", `{"a":"${"x".repeat(70_000)}"}`)).toMatchObject({ status: 413 });
  });

  test("a form that ends too soon is refused", async () => {
    const text = '--b\r\ncontent-disposition: form-data; name="videoAssetId"\r\n\r\nx';
    const answer = await client.call("POST", "/videos/upscale", text, { "content-type": "multipart/form-data; boundary=b" });
    expect(answer).toMatchObject(refused(400, "Invalid form data in request body"));
  });
});

describe("uploads", () => {
  test.each<[string, string, Uint8Array, string]>([
    ["/assets/", "video/mp4", png, "Parameter name is required"],
    ["/assets/?name=", "video/mp4", png, "Parameter name is required"],
    [`/assets/?name=${"x".repeat(300)}`, "video/mp4", png, "name is too long"],
    ["/assets/?name=a", "text/html", png, "Content-Type text/html is not supported"],
    ["/assets/?name=a", "multipart/form-data; boundary=x", png, "Content-Type multipart/form-data is not supported"],
    ["/assets/?name=a", "video/mp4", new Uint8Array(), "The file is not a video: it is empty (0 bytes)."],
    [
      "/assets/?name=a",
      "video/mp4",
      Buffer.from("<html><body>no</body></html>"),
      "The file is not a video: it is a web page (HTML).",
    ],
  ])("%s as %s is refused", async (path, type, file, error) => {
    expect(await client.call("POST", path, file, { "content-type": type })).toMatchObject(refused(400, error));
  });

  test("what `curl -d` makes of a video is refused, and nothing is kept of it", async () => {
    const stripped = Buffer.from(clip.filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0x00));
    const before = await listed();
    const answer = await client.call("POST", "/assets/?name=a.mp4", stripped, { "content-type": "video/mp4" });
    expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String), code: 400 } });
    expect(await listed()).toEqual(before);
  });

  test("an upload whose sender goes away leaves nothing behind", async () => {
    const before = await listed();
    const { port } = new URL(server.base);
    const socket = connect(Number(port), "127.0.0.1");
    const head = `POST /v1/runwayml/assets/?name=gone.mp4 HTTP/1.1\r\nhost: x\r\ncontent-type: video/mp4\r\ncontent-length: ${clip.length}`;
    socket.write(`${head}\r\n\r\n`);
    socket.write(clip.subarray(0, 5_000));
    await expect.poll(() => server.seen.at(-1)?.line, { timeout: 10_000 }).toBe("POST /v1/runwayml/assets/?name=gone.mp4");
    const endedBefore = storingEnded;
    socket.destroy();
    await expect.poll(() => storingEnded, { timeout: 30_000 }).toBe(endedBefore + 1);
    await expect.poll(listed, { timeout: 10_000 }).toEqual(before);
    expect((await client.call("GET", "/assets/?offset=0&limit=50&email=me@upres.local")).body).toHaveLength(before.length);
  });

  test("an unknown email is not found", async () => {
    for (const email of ["no@example.com", "%00", "x".repeat(300)]) {
      const answer = await client.call("POST", `/assets/?name=a.mp4&email=${email}`, clip, { "content-type": "video/mp4" });
      expect(answer).toMatchObject({ status: 404, body: { error: expect.stringMatching(/^Account .* not found$/s), code: 404 } });
    }
    expect(await client.call("GET", "/assets/?offset=0&limit=1&email=no@example.com")).toMatchObject(
      refused(404, "Account no@example.com not found"),
    );
  });

  async function listed(): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const { key } of server.store.list("media/useapi/")) keys.push(key);
    return keys.toSorted();
  }
});

describe("reading", () => {
  test.each([
    ["GET", `/tasks/${prefix}-task:${unknown}`, 404, "Not found."],
    ["DELETE", `/tasks/${prefix}-task:${unknown}`, 404, "Not found."],
    ["DELETE", `/scheduler/${prefix}-task:${unknown}`, 404, "Not found."],
    ["GET", `/assets/${prefix}-asset:${unknown}`, 404, "Not found."],
    ["DELETE", `/assets/${prefix}-asset:${unknown}`, 404, "Not found."],
    ["GET", `/tasks/${unknown}`, 400, "Parameter taskId has incorrect format"],
    ["GET", `/assets/${prefix}-task:${unknown}`, 400, "Parameter assetId has incorrect format"],
    ["GET", `/tasks/user:9-runwayml:a@b.c-task:${unknown}`, 403, "Unauthorized access to user:9 detected in taskId"],
    ["GET", `/assets/user:9-runwayml:a@b.c-asset:${unknown}`, 403, "Unauthorized access to user:9 detected in assetId"],
    ["GET", "/tasks/", 400, "Parameter offset valid range 0...1000"],
    ["GET", "/tasks/?offset=1001&limit=1", 400, "Parameter offset valid range 0...1000"],
    ["GET", "/tasks/?offset=0", 400, "Parameter limit valid range 1...1000"],
    ["GET", "/tasks/?offset=0&limit=1001", 400, "Parameter limit valid range 1...1000"],
    ["GET", "/tasks/?offset=0&limit=1&email=no@example.com", 404, "Account no@example.com not found"],
    ["GET", "/assets/?offset=0", 400, "Parameter limit valid range 1...50"],
    ["GET", "/assets/?offset=0&limit=51", 400, "Parameter limit valid range 1...50"],
    ["GET", "/assets/?offset=-1&limit=5", 400, "Parameter offset valid range 0...1000"],
    ["GET", "/assets/?offset=0&limit=5&mediaType=text", 400, "Parameter mediaType supported values are video, image, audio"],
    ["GET", "/accounts/no@example.com", 404, "Account no@example.com not found"],
    ["DELETE", "/accounts/no@example.com", 404, "Account no@example.com not found"],
    ["GET", "/features/?email=no@example.com", 404, "Account no@example.com not found"],
    ["GET", "/nothing", 404, "Not found."],
    ["GET", "/", 404, "Not found."],
    ["PUT", "/assets/", 405, "Method not allowed"],
    ["GET", "/videos/upscale", 405, "Method not allowed"],
  ])("%s %s answers %d %s", async (method, path, status, error) => {
    expect(await client.call(method, path)).toMatchObject(refused(status, error));
  });

  test("statuses have to be known", async () => {
    expect(await client.call("GET", "/tasks/?offset=0&limit=1&statuses=RUNNING,DONE")).toMatchObject({ status: 400 });
  });
});

describe("accounts", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ password: "x", maxJobs: 5 }, "Parameter email is required"],
    [{ email: "b@example.com", maxJobs: 5 }, "Parameter email must match the email in the path"],
    [{ email: "a@example.com" }, "Parameter maxJobs is required"],
    [{ email: "a@example.com", maxJobs: 11 }, "Parameter maxJobs valid range 1...10"],
    [{ email: "a b", maxJobs: 5 }, "Parameter email has incorrect format"],
  ])("%j is refused", async (body, error) => {
    expect(await client.call("POST", "/accounts/a@example.com", body)).toMatchObject(refused(400, error));
  });

  test("the account-wide address has the limit of a task's own", async () => {
    const root = new UseapiClient({ api: server.base });
    expect(await root.call("POST", "/v2/account", { replyUrl: `https://a.b/${"x".repeat(1024)}` })).toMatchObject(
      refused(400, "replyUrl is too long"),
    );
    expect(await root.call("POST", "/v2/account", {})).toMatchObject(refused(400, "Parameter replyUrl is required"));
    expect(await root.call("PUT", "/v2/account", {})).toMatchObject(refused(405, "Method not allowed"));
  });
});

describe("what happens to the server or the account", () => {
  test("an upload that nobody has the time to look at is refused for now, and not kept", async () => {
    misfortuneLooking = new AppError("rate_limited", "Others are looked at.", { details: { retryAfterSeconds: 2 } });
    try {
      const before = await Array.fromAsync(server.store.list("media/useapi/"));
      const answer = await client.call("POST", "/assets/?name=a.mp4", clip, { "content-type": "video/mp4" });
      expect(answer).toMatchObject(refused(503, "The engine is not available now."));
      expect(answer.headers.get("retry-after")).toBe("2");
      expect(await Array.fromAsync(server.store.list("media/useapi/"))).toEqual(before);
    } finally {
      misfortuneLooking = undefined;
    }
  });

  test("what the web framework refuses is said in the service's words", async () => {
    const answer = await client.call("POST", "/videos/upscale", "{}", { "content-type": "nonsense" });
    expect(answer).toMatchObject(refused(400, "The request is not valid"));
  });

  test.each([
    [
      new AppError("unauthorized", "revoked", { details: { isRevoked: true } }),
      402,
      "Account has no subscription or subscription expired",
      null,
    ],
    [new AppError("rate_limited", "Too fast.", { details: { retryAfterSeconds: 3.2 } }), 429, "Too fast.", "4"],
    [new AppError("queue_full", "Too many wait."), 429, "Too many wait.", "10"],
    [new AppError("provider_unavailable", "No GPU."), 503, "The engine is not available now.", "10"],
    [new AppError("internal", "A secret detail."), 500, "Internal server error", null],
  ])("%s", async (error, status, text, retryAfter) => {
    misfortune = error;
    try {
      const answer = await client.upscale({ videoAssetId: assetId });
      expect(answer).toMatchObject(refused(status, text));
      expect(answer.headers.get("retry-after")).toBe(retryAfter);
    } finally {
      misfortune = undefined;
    }
  });
});
