import { execFile } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type App, createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { probe } from "../../src/media/probe.ts";
import { blocksOf, type MarkdownBlock, wordOf } from "../support/dialect-guide.ts";
import { file, type SourceHost, startSourceHost } from "../support/runway-sources.ts";
import { type Folder, makeFolder } from "../support/wavespeed-clip.ts";

// The programs and commands of docs/migrate.md, as a reader copies them, against a real server. In the document
// ```` ```js test ```` and ```` ```sh test ```` are run, and their output has to hold the address of a result;
// ```` ```js file=NAME ```` is a file beside them, and `needs=NAME` says that it is an app server's route.

const root = fileURLToPath(new URL("../..", import.meta.url));
const blocks = blocksOf(await readFile(join(root, "docs", "migrate.md"), "utf8"));
const tested = blocks.filter(({ words }) => words.includes("test"));
/** What the document's addresses stand for. */
const placeholders = { server: "127.0.0.1:7878", source: "https://example.com/clip.mp4", appServer: "localhost:5173" };
const clipSize = { width: 64, height: 36 };
/** Where the document's programs look for a key. */
const keyNames = ["FAL_KEY", "RUNWARE_API_KEY", "RUNWAYML_API_SECRET", "COMETAPI_KEY", "USEAPI_TOKEN", "WAVESPEED_API_KEY"];

let folder: Folder;
let sources: SourceHost;
let app: App;
let host: string;
let key: string;
let hasCurl: boolean;

beforeAll(async () => {
  folder = await makeFolder();
  const clipPath = join(folder.path, "clip.mp4");
  await writeDemoClip(clipPath, { size: clipSize, durationSeconds: 0.08, gopFrames: 25 });
  sources = await startSourceHost({ "/clip.mp4": file(await readFile(clipPath)) });
  const environment = {
    UPRES_PORT: "0",
    UPRES_DATA: join(folder.path, "data"),
    UPRES_THREADS: "2",
    UPRES_PROVIDER: "cpu",
    UPRES_FETCH_ALLOW: "127.0.0.0/8",
    // The document's sources come by https from a domain; the one that stands in for them does not.
    UPRES_HOSTED_LIMITS: "off",
  };
  app = await createApp(readConfig({ environment }), { logger: silentLogger });
  key = (await app.control.createKey({ name: "migrate" })).credential;
  const { url = "" } = await app.listen();
  ({ host } = new URL(url));
  await symlink(join(root, "node_modules"), join(folder.path, "node_modules"));
  await symlink(root, join(folder.path, "upres"));
  for (const block of blocks) {
    const name = wordOf(block, "file");
    if (name !== undefined) await writeFile(join(folder.path, name), filledIn(block.text));
  }
  hasCurl = await run("curl", ["--version"]).then(
    () => true,
    () => false,
  );
});
afterAll(async () => {
  await app.close();
  await sources[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** A block with this server's addresses in it. */
function filledIn(text: string, appServer = placeholders.appServer): string {
  return text
    .replaceAll(placeholders.server, host)
    .replaceAll(placeholders.source, `${sources.base}/clip.mp4`)
    .replaceAll(placeholders.appServer, appServer);
}

/** Standard output.  Throws: where the command cannot be started or ends with another code than 0. */
async function run(command: string, values: readonly string[], { hasKey = true } = {}): Promise<string> {
  const home = join(folder.path, "home");
  await mkdir(home, { recursive: true });
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  const env = { PATH: path, HOME: home, NO_COLOR: "1", ...(hasKey && Object.fromEntries(keyNames.map((name) => [name, key]))) };
  return await new Promise((resolve, reject) => {
    execFile(command, [...values], { cwd: folder.path, env, timeout: 110_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} failed: ${stdout}${stderr}`, { cause: error }));
    });
  });
}

async function runBlock({ language, text, line }: MarkdownBlock, appServer?: string): Promise<string> {
  const name = join(folder.path, `line-${line}.${language === "js" ? "mjs" : "sh"}`);
  await writeFile(name, filledIn(text, appServer));
  // A program behind an app server's route has no key of its own.
  if (language === "js") return await run(process.execPath, [name], { hasKey: appServer === undefined });
  return await run("sh", ["-eu", name]);
}

type Route = Readonly<Record<"GET" | "POST" | "PUT", (event: { readonly request: Request }) => Promise<Response>>>;

/** An app server with one route, such as frameworks make of a file. */
async function serveRoute(name: string): Promise<AsyncDisposable & { readonly host: string }> {
  process.env["FAL_KEY"] = key;
  const route = (await import(pathToFileURL(join(folder.path, name)).href)) as Route; // written by the document
  const server = createServer(async (request, response) => {
    const method = z.enum(["GET", "POST", "PUT"]).parse(request.method);
    const headers = Object.entries(request.headers).map(([header, value]): [string, string] => [header, String(value)]);
    const body = method === "GET" ? undefined : new Uint8Array(await buffer(request));
    const asked = new Request(`http://localhost${request.url}`, { method, headers, ...(body !== undefined && { body }) });
    const answer = await route[method]({ request: asked });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    host: `localhost:${port}`,
    [Symbol.asyncDispose]: async () => {
      delete process.env["FAL_KEY"];
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("docs/migrate.md", () => {
  test("has a tested program for every client that is installed", async () => {
    const manifest = z.object({ devDependencies: z.record(z.string(), z.string()) });
    const { devDependencies } = manifest.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
    const clients = Object.entries(devDependencies)
      .filter(([name, version]) => /^@fal-ai|^@runware|^@runwayml|wavespeed/.test(name) && !version.startsWith("npm:"))
      .map(([name]) => name);
    expect(clients.length).toBeGreaterThanOrEqual(6);
    const programs = blocks.filter(({ words }) => words.length > 0).map(({ text }) => text);
    for (const client of clients) {
      const use = client === "@wavespeed/cli" ? "wavespeed run" : `from "${client}`;
      expect(
        programs.filter((text) => text.includes(use)),
        client,
      ).not.toHaveLength(0);
    }
    expect(programs.filter((text) => text.includes("curl")).length).toBeGreaterThanOrEqual(5);
  });

  test.for(tested.map((block) => [`${block.heading}, line ${block.line}, ${block.language}`, block] as const))(
    "%s: gives a result that downloads",
    { timeout: 120_000 },
    async ([, block], context) => {
      context.skip(block.text.includes("curl ") && !hasCurl, "there is no curl on this machine");
      const needs = wordOf(block, "needs");
      await using appServer = needs === undefined ? undefined : await serveRoute(needs);
      const output = await runBlock(block, appServer?.host);
      const [link] = output.match(/http:\/\/127\.0\.0\.1:\d+\/[^"\s]*files\/[^"\s]+/) ?? [];
      if (link === undefined) throw new Error(`no address of a result in: ${output}`);
      const download = await fetch(link);
      expect(download.status).toBe(200);
      expect(download.headers.get("content-type")).toBe("video/mp4");
      const path = join(folder.path, `line-${block.line}.mp4`);
      await writeFile(path, Buffer.from(await download.arrayBuffer()));
      const picture = (await probe(path)).streams.find(({ kind }) => kind === "video");
      if (picture?.kind !== "video") throw new Error("the result is no video");
      expect(picture.codedSize.width).toBeGreaterThanOrEqual(clipSize.width * 2);
    },
  );
});
