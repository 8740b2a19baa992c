import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeVideo } from "../../src/media/decode.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { repeatingNetwork, residualNcnn } from "../support/made-up-networks.ts";

// Added networks as a user meets them: the launcher as a child process, made-up networks, a clip of `upres demo`'s kind.

const launcher = fileURLToPath(new URL("../../bin/upres.cjs", import.meta.url));
const onnx = repeatingNetwork(2);
const sha256 = createHash("sha256").update(onnx).digest("hex");
const ErrorDocument = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const ReportDocument = z.object({
  state: z.literal("complete"),
  output: z.object({ size: z.object({ width: z.int(), height: z.int() }) }),
  network: z.object({ id: z.string(), passes: z.int(), sha256: z.string(), licence: z.string() }),
  comparison: z.object({ psnrLuma: z.number() }),
  decisions: z.array(z.object({ topic: z.string(), choice: z.string(), reason: z.string() })),
});

let folder = "";
let server: Server;
let origin = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-models-"));
  await writeFile(join(folder, "double.onnx"), onnx);
  const { param, bin } = residualNcnn();
  await writeFile(join(folder, "Residual Net.param"), param);
  await writeFile(join(folder, "Residual Net.bin"), bin);
  await writeDemoClip(join(folder, "clip.mp4"), { size: { width: 96, height: 64 }, durationSeconds: 0.4, gopFrames: 25 });
  server = createServer((request, response) => {
    if (request.url?.startsWith("/double.onnx") === true) response.end(onnx);
    else if (request.url?.startsWith("/moved.onnx") === true)
      response.writeHead(302, { location: "/double.onnx?signature=secret" }).end();
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's address
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function upres(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [launcher, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (chunk: Buffer) => (text[name] += chunk.toString()));
  const [code] = await once(child, "close");
  return { code: z.int().nullable().parse(code), ...text };
}

const inFolder = (name: string): string[] => ["--models-folder", join(folder, name)];

async function refused(args: string[]): Promise<{ code: number | null; error: string; message: string }> {
  const { code, stdout } = await upres(...args, "--json");
  const { error } = ErrorDocument.parse(JSON.parse(stdout));
  return { code, error: error.code, message: error.message };
}

describe("upres models", () => {
  it("lists Upres's own and what can be added, with licences", async () => {
    const { code, stdout } = await upres("models", "list", ...inFolder("empty"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^general-fast-x2 +--tier fast .*Apache-2\.0$/m);
    expect(stdout).toMatch(/^realesrgan-x4plus +upres models add +x4 .*BSD-3-Clause/m);
    expect(stdout).toMatch(/^realesr-animevideo-x2 +upres models add +x2 .*BSD-3-Clause/m);
  });

  it("adds an ONNX file, names it, uses it and removes it", async () => {
    const where = inFolder("whole");
    const added = await upres(
      "models",
      "add",
      "double.onnx",
      "--accept-licence",
      "--licence",
      "CC0-1.0",
      "--sha256",
      sha256,
      ...where,
    );
    expect(added).toMatchObject({ code: 0 });
    expect(added.stderr).toContain("Licence: CC0-1.0.");
    expect(added.stdout).toContain(`sha256 ${sha256}`);
    expect((await upres("models", ...where)).stdout).toMatch(/^double +--model +x2 .*CC0-1\.0$/m);

    const plan = await upres("plan", "clip.mp4", "--scale", "2", "--model", "double", ...where);
    expect(plan.stdout).toMatch(/network +double, once/);
    expect(plan.stdout).toMatch(new RegExp(`network file +sha256 ${sha256} +from double\\.onnx; licence: CC0-1\\.0`));

    const run = await upres(
      "clip.mp4",
      "-o",
      "out.mp4",
      "--scale",
      "2",
      "--quality",
      "99",
      "--model",
      "double",
      "--json",
      ...where,
    );
    expect(run).toMatchObject({ code: 0 });
    const report = ReportDocument.parse(JSON.parse(run.stdout));
    expect(report.output.size).toEqual({ width: 192, height: 128 });
    expect(report.network).toEqual({ id: "double", passes: 1, sha256, licence: "CC0-1.0" });
    expect(report.comparison.psnrLuma).toBeGreaterThan(38);
    expect(await differenceFromRepeated(join(folder, "clip.mp4"), join(folder, "out.mp4"))).toBeLessThan(2.5);

    expect(await upres("models", "remove", "double", ...where)).toMatchObject({ code: 0, stdout: "double is removed.\n" });
    expect(await readdir(join(folder, "whole"))).toEqual([]);
  });

  it("adds an ncnn network by either of its files", async () => {
    const added = await upres("models", "add", "Residual Net.bin", "--accept-licence", ...inFolder("ncnn"));
    expect(added).toMatchObject({ code: 0 });
    expect(await readdir(join(folder, "ncnn"))).toEqual(["residual-net"]);
  });

  it("adds from a URL whose address is allowed, and keeps its query to itself", async () => {
    const allowed = ["--allow-addresses", "127.0.0.1", "--accept-licence", "--sha256", sha256, ...inFolder("url")];
    const added = await upres("models", "add", `${origin}/moved.onnx?token=secret`, "--name", "from-url", ...allowed);
    expect(added).toMatchObject({ code: 0 });
    expect(added.stdout + added.stderr).not.toContain("secret");
    const descriptor = await readFile(join(folder, "url", "from-url", "model.json"), "utf8");
    expect(descriptor).toContain(`"source": "${origin}/moved.onnx"`);
    expect(descriptor).not.toContain("secret");
  });

  it.each<[string, () => string[], string, RegExp]>([
    ["a licence that was not accepted", () => ["double.onnx"], "bad_request", /not accepted/],
    [
      "another sha256",
      () => ["double.onnx", "--accept-licence", "--sha256", "0".repeat(64)],
      "model_invalid",
      /sha256 is [0-9a-f]{64} and not 0{64}/,
    ],
    ["a file that is not there", () => ["none.onnx", "--accept-licence"], "input_not_found", /no file none\.onnx/],
    ["a .param without its .bin", () => ["clip.param", "--accept-licence"], "input_not_found", /no file clip\.param/],
    ["what is no network", () => ["clip.mp4", "--accept-licence"], "bad_request", /realesrgan-x4plus/],
    ["another kind of URL", () => ["ftp://example.com/a.onnx", "--accept-licence"], "bad_request", /not http or https/],
    ["plain http without a sha256", () => [`${origin}/double.onnx`, "--accept-licence"], "bad_request", /--sha256/],
    [
      "an address of this machine",
      () => [`${origin}/double.onnx`, "--accept-licence", "--sha256", sha256],
      "download_failed",
      /not on the public internet/,
    ],
    [
      "a URL with nothing behind it",
      () => [`${origin}/no.onnx`, "--accept-licence", "--sha256", sha256, "--allow-addresses", "127.0.0.1"],
      "download_failed",
      /status 404/,
    ],
    ["a name that leads elsewhere", () => ["double.onnx", "--accept-licence", "--name", "../double"], "bad_request", /--name/],
    ["the wrong scale", () => ["double.onnx", "--accept-licence", "--scale", "4"], "model_invalid", /2 times larger, not 4/],
  ])("refuses %s and keeps nothing", async (_what, args, error, message) => {
    const found = await refused(["models", "add", ...args(), ...inFolder("refused")]);
    expect(found).toMatchObject({ error, message: expect.stringMatching(message) });
    expect(await readdir(join(folder, "refused")).catch(() => [])).toEqual([]);
  });

  it("names the known networks when --model names none", async () => {
    const found = await refused(["clip.mp4", "-o", "never.mp4", "--model", "esrgan", ...inFolder("empty")]);
    expect(found).toMatchObject({
      code: 2,
      error: "not_available",
      message: expect.stringMatching(/esrgan.*none has been added.*general-fast-x2/),
    });
  });
});

/** Mean difference of the output's luma from the source's with every pixel repeated, over the first picture. */
async function differenceFromRepeated(sourcePath: string, outputPath: string): Promise<number> {
  const [source, output] = [await firstLuma(sourcePath), await firstLuma(outputPath)];
  expect([output.width, output.height]).toEqual([source.width * 2, source.height * 2]);
  let sum = 0;
  for (let y = 0; y < output.height; y += 1) {
    for (let x = 0; x < output.width; x += 1) {
      const expected = source.rows[(y >> 1) * source.width + (x >> 1)] ?? NaN;
      sum += Math.abs((output.rows[y * output.width + x] ?? NaN) - expected);
    }
  }
  return sum / (output.width * output.height);
}

async function firstLuma(path: string): Promise<{ rows: Uint8Array; width: number; height: number }> {
  for await (const frame of decodeVideo({ path, streamIndex: 0, threads: 1 })) {
    using picture = frame;
    const { data, strideBytes, width, height } = picture.plane(0);
    const rows = new Uint8Array(width * height);
    for (let y = 0; y < height; y += 1) rows.set(data.subarray(y * strideBytes, y * strideBytes + width), y * width);
    return { rows, width, height };
  }
  throw new Error(`${path} has no picture`);
}
