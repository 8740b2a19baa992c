import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isPublicAddress } from "../../src/core/address.ts";
import { FetchError, type FetchOptions, safeFetch } from "../../src/core/safe-fetch.ts";
import { download } from "../../src/ingest/download.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";

const limits = { maxBytes: 1_000_000, timeoutMs: 10_000, idleTimeoutMs: 5_000, maxRedirects: 2 };

let folder = "";
let server: Server;
let base = "";
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-download-"));
  server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's address
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function fetchText(path: string, options: Partial<FetchOptions> = {}): Promise<string> {
  const resource = await safeFetch(new URL(path, base), { ...limits, ...options });
  if (resource.isUnchanged) return "unchanged";
  return Buffer.concat(await Array.fromAsync(resource.body)).toString();
}

async function failureOf(fetched: Promise<unknown>): Promise<string> {
  try {
    await fetched;
  } catch (error) {
    if (error instanceof FetchError) return error.failure;
    throw error;
  }
  return "none";
}

function isFirstLoopback(address: string): boolean {
  return address === "127.0.0.1";
}

describe("safeFetch", () => {
  it("follows redirects up to the limit", async () => {
    answer = (request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end("there");
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    };
    expect(await fetchText("/2")).toBe("there");
    expect(await failureOf(fetchText("/3"))).toBe("redirects");
  });

  it("stops at the byte limit, announced or not", async () => {
    answer = (request, response) => {
      if (request.url === "/announced") response.setHeader("content-length", 2_000);
      response.end(Buffer.alloc(2_000));
    };
    expect(await failureOf(fetchText("/announced", { maxBytes: 1_999 }))).toBe("too_large");
    expect(await failureOf(fetchText("/chunked", { maxBytes: 1_999 }))).toBe("too_large");
    expect(await fetchText("/chunked", { maxBytes: 2_000 })).toHaveLength(2_000);
  });

  it("gives up on a server that goes silent, before and amid the body, and on one that takes too long", async () => {
    answer = (request, response) => {
      if (request.url === "/amid") response.write("half");
    };
    expect(await failureOf(fetchText("/before", { idleTimeoutMs: 50 }))).toBe("timeout");
    expect(await failureOf(fetchText("/amid", { idleTimeoutMs: 50 }))).toBe("timeout");
    expect(await failureOf(fetchText("/amid", { timeoutMs: 50 }))).toBe("timeout");
  });

  it("does not take a broken transfer for a whole one", async () => {
    answer = (_request, response) => {
      response.setHeader("content-length", 100);
      response.write("half", () => response.destroy());
    };
    expect(await failureOf(fetchText("/"))).toBe("network");
  });

  it("ends with the caller's reason when aborted", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    answer = () => stop.abort(reason);
    await expect(fetchText("/", { signal: stop.signal })).rejects.toBe(reason);
  });

  describe("with an address guard", () => {
    it("refuses an address in the URL, however it is written", async () => {
      answer = (_request, response) => response.end("secret");
      const { port } = new URL(base);
      for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]) {
        expect(await failureOf(fetchText(`http://${host}:${port}/`, { allowAddress: isPublicAddress }))).toBe("refused_address");
      }
    });

    it("refuses a name that resolves to such an address, and connects to no other answer than the checked one", async () => {
      answer = (_request, response) => response.end("secret");
      const { port } = new URL(base);
      const url = `http://public.example:${port}/`;
      const lookup = ((_name: string, _options: unknown, done: (...found: unknown[]) => void) =>
        done(null, [{ address: "127.0.0.1", family: 4 }])) as unknown as NonNullable<FetchOptions["lookup"]>; // its overloads
      expect(await failureOf(fetchText(url, { lookup, allowAddress: isPublicAddress }))).toBe("refused_address");
      expect(await fetchText(url, { lookup })).toBe("secret");
    });

    it("checks again at each redirect", async () => {
      const seen: string[] = [];
      answer = (request, response) => {
        seen.push(request.url ?? "");
        response.writeHead(307, { location: `http://127.0.0.2:${new URL(base).port}/inner` }).end();
      };
      const allowAddress = isFirstLoopback;
      expect(await failureOf(fetchText("/outer", { allowAddress }))).toBe("refused_address");
      expect(seen).toEqual(["/outer"]);
    });

    it("does not follow a redirect to another scheme", async () => {
      answer = (_request, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end();
      expect(await failureOf(fetchText("/"))).toBe("bad_url");
    });
  });
});

describe("download", () => {
  it("asks before it takes the same content again, and keeps the server's time", async () => {
    const statuses: number[] = [];
    answer = (request, response) => {
      const status = request.headers["if-none-match"] === '"v1"' ? 304 : 200;
      statuses.push(status);
      response
        .writeHead(status, { etag: '"v1"', "last-modified": "Tue, 01 Jul 2025 10:00:00 GMT" })
        .end(status === 200 ? "video" : "");
    };
    const url = new URL("/clip.MP4?token=secret", base);
    const path = await download({ url, folder, limits });
    expect(await download({ url, folder, limits })).toBe(path);
    expect(statuses).toEqual([200, 304]);
    expect([path, await readFile(path, "utf8")]).toEqual([join(folder, "source.mp4"), "video"]);
    expect((await stat(path)).mtime.toISOString()).toBe("2025-07-01T10:00:00.000Z");
    expect(await readFile(join(folder, "source.json"), "utf8")).not.toContain("secret");
    await download({ url: new URL("/clip.mp4?token=other", base), folder, limits });
    expect(statuses).toEqual([200, 304, 200]);
  });

  it("says what failed without the URL's secrets", async () => {
    answer = (_request, response) => response.writeHead(403).end();
    const failed = download({ url: new URL("/clip.mp4?token=secret", base.replace("//", "//user:word@")), folder, limits });
    await expect(failed).rejects.toMatchObject({
      code: "download_failed",
      message: `Downloading ${base}/clip.mp4 failed: the server answered with status 403.`,
      details: { status: 403 },
    });
  });
});

describe("upres with a URL", () => {
  it("downloads, upscales and clears up", async () => {
    const clip = join(folder, "clip.mp4");
    await writeDemoClip(clip, { size: { width: 64, height: 36 }, durationSeconds: 1, gopFrames: 25 });
    const bytes = await readFile(clip);
    await rm(clip);
    answer = (_request, response) => response.end(bytes);
    const launcher = fileURLToPath(new URL("../../bin/upres.cjs", import.meta.url));
    const args = [launcher, `${base}/films/my%20clip.mp4?key=secret`, "--scale", "2", "--tier", "fast"];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null]; // the event's arguments
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(["my clip.upres.mp4"]);
    expect(text).not.toContain("secret");
  });
});
