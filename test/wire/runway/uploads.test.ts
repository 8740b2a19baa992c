import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeClip } from "../../support/runway-clips.ts";
import { answerOf, model, postTo, refused, videoIssue } from "../../support/runway-requests.ts";
import { type RunwayServer, startRunwayServer } from "../../support/runway-server.ts";

let server: RunwayServer;
let clip: Buffer;
beforeAll(async () => {
  clip = await makeClip(1);
  server = await startRunwayServer();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Slot = { readonly uploadUrl: string; readonly fields: Record<string, string>; readonly runwayUri: string };

async function open(key: string): Promise<Slot> {
  const response = await postTo(server.base, "/v1/uploads", '{"filename":"my clip é/../.mp4","type":"ephemeral"}', { key });
  expect(response.status).toBe(200);
  return (await response.json()) as Slot; // each field is used below
}

async function fill({ uploadUrl, fields }: Slot, bytes: Uint8Array | undefined, change: Record<string, string> = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...change })) form.append(name, value);
  if (bytes !== undefined) form.append("file", new Blob([new Uint8Array(bytes)]), "clip.mp4");
  return await fetch(uploadUrl, { method: "POST", body: form });
}

test("a slot is absolute, needs no key and takes one file, whatever its type is said to be", async () => {
  const { key } = await server.account();
  const slot = await open(key);
  expect(slot.uploadUrl).toMatch(new RegExp(`^${server.base}/runway-uploads/[0-9a-f-]{36}$`));
  expect(slot.fields["key"]).toMatch(/^ephemeral\/[0-9a-f-]{36}\/[\w.-]+\.mp4$/);
  expect(slot.runwayUri).toMatch(/^runway:\/\/.{5,4991}$/);
  const response = await fill(slot, clip);
  expect([response.status, await response.text()]).toEqual([204, ""]);
  expect((await fill(slot, clip)).status).toBe(409);
});

test.each([
  ["a token of nobody's", clipOf, { token: "x.y" }, 403],
  ["no token", clipOf, { token: "" }, 403],
  ["no file", () => undefined, {}, 400],
  ["words", () => Buffer.from("words ".repeat(200)), {}, 400],
  ["less than 512 bytes", () => clip.subarray(0, 511), {}, 400],
])("a form with %s is refused, and the URI stays useless", async (_name, bytes, change, expected) => {
  const { key } = await server.account();
  const slot = await open(key);
  const [answered, body] = await answerOf(await fill(slot, bytes(), change));
  expect(answered).toBe(expected);
  expect(body).toEqual({ error: expect.stringMatching(/./) });
  const create = await postTo(server.base, "/v1/video_upscale", JSON.stringify({ model, videoUri: slot.runwayUri }), { key });
  expect(await answerOf(create)).toEqual(refused(videoIssue("The upload URI is not valid or has expired.")));
});

function clipOf(): Buffer {
  return clip;
}

test("a URI is good as a source of its own account only, not as a link to the file", async () => {
  const [owner, other] = [await server.account(), await server.account()];
  const slot = await open(owner.key);
  expect((await fill(slot, clip)).status).toBe(204);
  for (const token of [slot.runwayUri.slice("runway://".length), slot.fields["token"] ?? ""]) {
    const link = `${server.base}/files/${token}/clip.mp4`;
    expect((await fetch(link)).status).toBe(404);
    const body = JSON.stringify({ model, videoUri: link });
    expect((await postTo(server.base, "/v1/video_upscale", body, { key: other.key })).status).toBe(400);
  }
  const body = JSON.stringify({ model, videoUri: slot.runwayUri });
  expect((await postTo(server.base, "/v1/video_upscale", body, { key: other.key })).status).toBe(400);
  expect((await postTo(server.base, "/v1/video_upscale", body, { key: owner.key })).status).toBe(200);
});

test("a token of one slot does not fill another, nor does a link of another kind", async () => {
  const { id, key } = await server.account();
  const [one, other] = [await open(key), await open(key)];
  expect((await fill(one, clip, { token: other.fields["token"] ?? "" })).status).toBe(403);
  const expiresAt = new Date(Date.now() + 60_000);
  const foreign = server.parts.links.sign({ key: `uploads/${id}/${one.uploadUrl.slice(-36)}`, purpose: "write", expiresAt });
  expect((await fill(one, clip, { token: foreign })).status).toBe(403);
  const forged = createHmac("sha256", "guess").update("x").digest("base64url");
  expect((await fill(one, clip, { token: `${(one.fields["token"] ?? "").split(".")[0]}.${forged}` })).status).toBe(403);
});

test("a body that is no form, or a broken one, is refused without a fault of the server", async () => {
  const { key } = await server.account();
  const { uploadUrl, fields } = await open(key);
  const send = async (body: string, type: string) =>
    await answerOf(await fetch(uploadUrl, { method: "POST", body, headers: { "content-type": type } }));
  expect((await send("{}", "application/json"))[0]).toBe(400);
  expect((await send("abc", "multipart/form-data"))[0]).toBe(400);
  expect((await send("abc", "multipart/form-data; boundary=b"))[0]).toBe(400);
  const token = `--b\r\ncontent-disposition: form-data; name="token"\r\n\r\n${fields["token"]}\r\n`;
  const cut = `${token}--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc`;
  expect((await send(cut, "multipart/form-data; boundary=b"))[0]).toBe(400);
  expect((await answerOf(await fetch(uploadUrl, { method: "PUT", body: "abc" })))[0]).toBe(405);
  expect(await answerOf(await fetch(`${server.base}/runway-uploads/a/b`))).toEqual([404, { error: "Not found" }]);
});

test("a file that is broken off is not kept, and may be sent again", async () => {
  const { key } = await server.account();
  const slot = await open(key);
  const form = new FormData();
  for (const [name, value] of Object.entries(slot.fields)) form.append(name, value);
  const written = new Response(form);
  const text = await written.text();
  const boundary = text.slice(2, text.indexOf("\r\n"));
  const head = `${text.slice(0, text.lastIndexOf(`--${boundary}--`))}--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n`;
  const before = (await Array.fromAsync(server.store.list("uploads/"))).length;
  const request = httpRequest(slot.uploadUrl, {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}`, "content-length": 1_000_000 },
  });
  const closed = Promise.withResolvers<void>();
  request.on("error", () => undefined); // it is broken off on purpose
  request.on("close", () => closed.resolve());
  request.write(head);
  request.write(clip, () => request.destroy());
  await closed.promise;
  expect((await fill(slot, clip)).status).toBe(204);
  expect(await Array.fromAsync(server.store.list("uploads/"))).toHaveLength(before + 1);
});

test.each([
  ["{}", 400],
  ['{"filename":"a.mp4","type":"forever"}', 400],
  ['{"filename":7,"type":"ephemeral"}', 400],
  ["{", 400],
  [`"${"a".repeat(70_000)}"`, 413],
])("a slot asked for with %.40s is refused", async (body, expected) => {
  const { key } = await server.account();
  expect((await answerOf(await postTo(server.base, "/v1/uploads", body, { key })))[0]).toBe(expected);
});
