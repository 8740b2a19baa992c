import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIngest, type Ingest, type IngestOptions } from "../../src/ingest/ingest.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { temporaryFolder } from "../support/clips.ts";
import { filesIn } from "../support/files-in.ts";

type FetchSettings = IngestOptions["fetchOptions"];

const loopback = ["127.0.0.1"];
const video = Buffer.concat([Buffer.from("\0\0\0\x18ftypisom"), Buffer.alloc(20_000, 1)]);

let folder = "";
let server: Server;
let base = "";
let port = "";
let requests: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await temporaryFolder();
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = String((server.address() as AddressInfo).port); // a TCP server's address
  base = `http://127.0.0.1:${port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function ingest(settings: Partial<FetchSettings> = {}, more: Partial<IngestOptions> = {}): Ingest {
  const fetchOptions = { allow: loopback, maxBytes: 1e6, timeoutMs: 10_000, idleTimeoutMs: 5_000, maxRedirects: 2, ...settings };
  return createIngest({ store: createDiskStore({ folder: join(folder, "store") }), fetchOptions, ...more });
}

/** What `lookup` would be if every name led to one address. */
function lookupTo(address: string): NonNullable<FetchSettings["lookup"]> {
  const lookup = (_name: string, _options: unknown, done: (...found: unknown[]) => void): void =>
    done(null, [{ address, family: 4 }]);
  return lookup as unknown as NonNullable<FetchSettings["lookup"]>; // its overloads
}

async function fetchWith(from: Ingest, url: string, signal: AbortSignal = new AbortController().signal): Promise<Buffer> {
  const path = join(folder, "work", "input");
  await from.fetchSource({ kind: "url", url }, path, signal);
  const bytes = await readFile(path);
  await rm(path);
  return bytes;
}

/** The failure of a download, after a look that it left nothing. */
async function failureOf(from: Ingest, url: string): Promise<{ code?: unknown; message?: unknown; details?: unknown }> {
  const error: unknown = await fetchWith(from, url).catch((thrown: unknown) => thrown);
  if (Buffer.isBuffer(error)) return { message: "it went through" };
  expect(await filesIn(folder)).toEqual([]);
  return error as { code?: unknown; message?: unknown; details?: unknown }; // looked at by the caller
}

describe("the guard on addresses", () => {
  beforeEach(() => {
    answer = (_request, response) => response.end(video);
  });

  it("is on by default: nothing of this machine or network is asked", async () => {
    const guarded = ingest({ allow: [], lookup: lookupTo("127.0.0.1") });
    const hosts = [
      "127.0.0.1",
      "localhost",
      "2130706433",
      "0x7f.1",
      "0",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::127.0.0.1]",
      "public.example",
    ];
    for (const host of [...hosts, "10.0.0.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]"]) {
      const failure = await failureOf(guarded, `http://${host}:${port}/latest/meta-data?token=secret`);
      expect(failure, host).toMatchObject({ code: "download_failed", retryable: false, details: { failure: "refused_address" } });
      expect(JSON.stringify(failure) + String(failure.message)).not.toContain("secret");
    }
    expect(requests).toEqual([]);
  });

  it("lets through the ranges that the operator allows, by name too", async () => {
    const open = ingest({ allow: ["127.0.0.0/8"], lookup: lookupTo("127.0.0.1") });
    expect(await fetchWith(open, `${base}/a`)).toEqual(video);
    expect(await fetchWith(open, `http://films.example:${port}/b`)).toEqual(video);
    expect(requests).toEqual(["/a", "/b"]);
  });

  it("looks again at each redirect, at addresses and names alike", async () => {
    const elsewhere = ingest({ lookup: lookupTo("127.0.0.2") });
    for (const target of [`http://127.0.0.2:${port}/`, `http://inside.example:${port}/`, `http://[::ffff:7f00:2]:${port}/`]) {
      answer = (_request, response) => response.writeHead(302, { location: target }).end();
      requests = [];
      expect(await failureOf(elsewhere, `${base}/start`)).toMatchObject({ details: { failure: "refused_address" } });
      expect(requests).toEqual(["/start"]);
    }
  });

  it("follows no redirect to another scheme", async () => {
    for (const target of ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:text/plain,a", "http://"]) {
      answer = (_request, response) => response.writeHead(302, { location: target }).end();
      expect(await failureOf(ingest(), base), target).toMatchObject({ code: "download_failed" });
    }
  });

  it("opens no scheme but http and https", async () => {
    for (const url of ["file:///etc/passwd", "ftp://127.0.0.1/a", "concat:a|b", "/etc/passwd", "", "http://"]) {
      expect(await failureOf(ingest(), url), url).toMatchObject({ code: "download_failed", details: { failure: "bad_url" } });
    }
  });
});

describe("a server that misbehaves", () => {
  it("redirects too often", async () => {
    answer = (request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end(video);
      else response.writeHead(307, { location: `/${left - 1}` }).end();
    };
    expect(await fetchWith(ingest(), `${base}/2`)).toEqual(video);
    await expect(fetchWith(ingest(), `${base}/3`)).rejects.toMatchObject({
      code: "download_failed",
      details: { failure: "redirects" },
    });
  });

  it("answers with a status that is no success, which the error tells without the URL's secrets", async () => {
    answer = (request, response) => response.writeHead(Number(request.url?.slice(1, 4))).end("<html>no</html>");
    for (const [status, retryable] of [
      [401, false],
      [403, false],
      [404, false],
      [429, true],
      [500, true],
      [503, true],
    ] as const) {
      const url = `http://user:word@127.0.0.1:${port}/${status}?signature=secret#part`;
      expect(await failureOf(ingest(), url)).toMatchObject({
        code: "download_failed",
        message: `Downloading ${base}/${status} failed: the server answered with status ${status}.`,
        retryable,
        details: { url: `${base}/${status}`, status },
      });
    }
  });

  it("answers 204, 206 or 304, which are no whole file", async () => {
    answer = (request, response) => response.writeHead(Number(request.url?.slice(1))).end();
    for (const status of [204, 206, 304])
      expect(await failureOf(ingest(), `${base}/${status}`)).toMatchObject({ details: { status } });
  });

  it("sends more than is allowed, announced or not", async () => {
    answer = (request, response) => {
      if (request.url === "/announced") response.setHeader("content-length", video.length);
      response.end(video);
    };
    for (const path of ["/announced", "/chunked"]) {
      const failure = await failureOf(ingest({ maxBytes: video.length - 1 }), base + path);
      expect(failure).toMatchObject({ code: "upload_too_large", details: { maxBytes: video.length - 1 } });
      expect(await fetchWith(ingest({ maxBytes: video.length }), base + path)).toEqual(video);
    }
  });

  it("sends less, or more, than it announced", async () => {
    const raw = createTcpServer((socket) => {
      socket.once("data", (request) => {
        const announced = request.includes("GET /less") ? video.length + 1 : video.length - 1;
        socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${announced}\r\n\r\n`), video]));
      });
    }).listen(0, "127.0.0.1");
    await once(raw, "listening");
    const { port: rawPort } = raw.address() as AddressInfo; // a TCP server's address
    expect(await failureOf(ingest(), `http://127.0.0.1:${rawPort}/less`)).toMatchObject({
      code: "download_failed",
      retryable: true,
      details: { failure: "network" },
    });
    expect(await fetchWith(ingest(), `http://127.0.0.1:${rawPort}/more`)).toEqual(video.subarray(0, -1));
    raw.close();
  });

  it("switches protocols", async () => {
    const switching = "HTTP/1.1 101 Switching Protocols\r\nupgrade: chat\r\nconnection: upgrade\r\n\r\n";
    const raw = createTcpServer((socket) => void socket.on("error", () => undefined).write(switching)).listen(0, "127.0.0.1");
    await once(raw, "listening");
    const { port: rawPort } = raw.address() as AddressInfo; // a TCP server's address
    expect(await failureOf(ingest(), `http://127.0.0.1:${rawPort}/`)).toMatchObject({ details: { failure: "network" } });
    raw.close();
  });

  it("speaks no HTTP, or is not there", async () => {
    const raw = createTcpServer((socket) => socket.resume().end("SSH-2.0-OpenSSH_9.2\r\n")).listen(0, "127.0.0.1");
    await once(raw, "listening");
    const { port: rawPort } = raw.address() as AddressInfo; // a TCP server's address
    expect(await failureOf(ingest(), `http://127.0.0.1:${rawPort}/`)).toMatchObject({ details: { failure: "network" } });
    raw.close();
    await once(raw, "close");
    const refused = await failureOf(ingest(), `http://127.0.0.1:${rawPort}/`);
    expect(refused).toMatchObject({ code: "download_failed", retryable: true, message: /refuses the connection/ });
  });

  it("goes silent before the answer, after its head, or after one byte", async () => {
    answer = (request, response) => {
      if (request.url === "/head") response.writeHead(200).flushHeaders();
      if (request.url === "/byte") response.write("\0");
    };
    for (const path of ["/nothing", "/head", "/byte"]) {
      const timeout = { code: "download_failed", retryable: true, details: { failure: "timeout" } };
      expect(await failureOf(ingest({ idleTimeoutMs: 60 }), base + path)).toMatchObject(timeout);
      expect(await failureOf(ingest({ timeoutMs: 60 }), base + path)).toMatchObject(timeout);
    }
  });

  it("drips bytes for ever, so that it is never silent for long", async () => {
    answer = (_request, response) => {
      const drip = setInterval(() => response.write("\0"), 5);
      response.once("close", () => clearInterval(drip));
    };
    expect(await failureOf(ingest({ timeoutMs: 100 }), base)).toMatchObject({ details: { failure: "timeout" } });
  });

  it("sends a web page, JSON, a playlist or nothing under the name of a video", async () => {
    const bodies = {
      html: "<!doctype html><p>Sign in</p>",
      json: '{"error":"gone"}',
      playlist: "#EXTM3U\nhttp://10.0.0.1/a.ts",
      empty: "",
    };
    for (const [name, body] of Object.entries(bodies)) {
      answer = (_request, response) => response.setHeader("content-type", "video/mp4").end(body);
      expect(await failureOf(ingest(), `${base}/${name}.mp4`), name).toMatchObject({ code: "input_unreadable" });
    }
  });
});

it("ends a download with the caller's reason when aborted, and leaves nothing", async () => {
  const stop = new AbortController();
  const reason = new Error("cancelled");
  answer = (_request, response) => {
    response.write(video);
    setImmediate(() => stop.abort(reason));
  };
  await expect(fetchWith(ingest(), base, stop.signal)).rejects.toBe(reason);
  expect(await filesIn(folder)).toEqual([]);
});

it("reads data URIs within limits", async () => {
  const uri = `data:text/html;base64,${video.toString("base64")}`;
  expect(await fetchWith(ingest({ maxBytes: video.length }), uri)).toEqual(video);
  expect(await failureOf(ingest({ maxBytes: video.length - 1 }), uri)).toMatchObject({ code: "upload_too_large" });
  expect(await failureOf(ingest(), "data:video/mp4;base64,***")).toMatchObject({ code: "download_failed" });
  expect(await failureOf(ingest(), "data:video/mp4")).toMatchObject({ code: "download_failed" });
  expect(await failureOf(ingest(), "data:video/mp4,hello")).toMatchObject({ code: "input_unreadable" });
});
