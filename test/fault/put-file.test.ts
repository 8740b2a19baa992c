import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { safeSend } from "../../src/core/safe-send.ts";
import { putFile } from "../../src/delivery/put-file.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { temporaryFolder } from "../support/clips.ts";

let target: Server;
let received:
  | { readonly sizeBytes: number; readonly hash: string; readonly type: string | undefined; readonly method: string }
  | undefined;
let answer = (response: ServerResponse): void => void response.end();

beforeAll(async () => {
  target = createServer((request, response) => {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    request.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      sizeBytes += chunk.length;
    });
    request.on("end", () => {
      received = { sizeBytes, hash: hash.digest("hex"), type: request.headers["content-type"], method: request.method ?? "" };
      answer(response);
    });
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  target.closeAllConnections();
  target.close();
});

async function send(allowAddress?: (address: string) => boolean): Promise<string> {
  const store = createDiskStore({ folder: join(await temporaryFolder(), "store") });
  const block = randomBytes(1024 * 1024);
  const whole = createHash("sha256");
  await store.put(
    "results/a.mp4",
    (async function* () {
      for (let index = 0; index < 30; index += 1) {
        whole.update(block);
        yield block;
      }
    })(),
    { contentType: "video/mp4", fileName: "a.mp4" },
  );
  const { port } = target.address() as AddressInfo; // listens on TCP
  await putFile({
    url: new URL(`http://127.0.0.1:${port}/take?secret=1`),
    key: "results/a.mp4",
    store,
    send: (url, options) => safeSend(url, { ...options, ...(allowAddress !== undefined && { allowAddress }) }),
    timeoutMs: 10_000,
  });
  return whole.digest("hex");
}

test("a stored file arrives whole, with its type and length", async () => {
  const hash = await send();
  expect(received).toEqual({ sizeBytes: 30 * 1024 * 1024, hash, type: "video/mp4", method: "PUT" });
});

test.each([
  [403, false],
  [503, true],
  [302, false],
])("a target that answers %i has not taken it; worth another try: %s", async (status, retryable) => {
  answer = (response) => {
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {});
    response.end();
  };
  const message = expect.not.stringContaining("secret");
  await expect(send()).rejects.toMatchObject({ code: "output_unwritable", retryable, message });
});

test("a private target is refused before anything is sent", async () => {
  received = undefined;
  await expect(send(() => false)).rejects.toMatchObject({ code: "output_unwritable", retryable: false });
  expect(received).toBeUndefined();
});
