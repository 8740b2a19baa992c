import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { probe } from "../../src/media/probe.ts";
import { version } from "../../src/engine/version.ts";

// The command as a user starts it: the launcher as a child process, on clips that `upres demo` makes.

const launcher = fileURLToPath(new URL("../../bin/upres.cjs", import.meta.url));
const ErrorDocument = z.object({ error: z.object({ code: z.string(), message: z.string(), details: z.object({}) }) });
const ReportDocument = z.object({
  state: z.literal("complete"),
  output: z.object({ path: z.string(), size: z.object({ width: z.int(), height: z.int() }) }),
  frames: z.object({ source: z.int(), output: z.int() }),
  speed: z.object({ segments: z.int(), segmentsReused: z.int() }),
});

let folder = "";
let clip = "";
let demo: Ended;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-cli-"));
  demo = await upres("demo", "-o", join(folder, "demo"), "--scale", "2", "--json");
  clip = join(folder, "demo", "clip.mp4");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended>; saw: (pattern: RegExp) => Promise<void> } {
  const child = spawn(process.execPath, [launcher, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name]?.on("data", (chunk: Buffer) => (text[name] += chunk.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: z.int().nullable().parse(code), ...text }));
  const saw = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text.stderr)) {
      if (child.exitCode !== null) throw new Error(`ended without ${pattern.source}: ${text.stderr}`);
      await Promise.race([once(child.stderr ?? child, "data"), ended]);
    }
  };
  return { child, ended, saw };
}

async function upres(...args: string[]): Promise<Ended> {
  return await start(...args).ended;
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

describe("what does not need a video", () => {
  it("prints help and version", async () => {
    const help = await upres("--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: upres <input…> \[-o <output>\]/);
    for (const word of ["plan", "probe", "models", "doctor", "demo", "--to", "--scale", "--no-resume", "130"]) {
      expect(help.stdout).toContain(word);
    }
    expect(await upres("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["--bogus"], /^upres: Unknown option '--bogus'; upres --help lists what there is\.\n$/],
    [[], /^upres: Name a video, as in: upres in\.mp4 -o out\.mp4; upres --help shows more\.\n$/],
    [["in.mp4", "--to", "5k"], /^upres: --to takes 1080p, 2k or 4k, not 5k\.\n$/],
    [["in.mp4", "-o", "out.mkv"], /^upres: The output out\.mkv must end in \.mp4, \.webm or \.mov, or be a folder.*\.\n$/],
    [["ftp://host/in.mp4"], /^upres: ftp:\/\/ addresses are not supported; give a file, a folder or an http\(s\) URL\.\n$/],
    [["plan"], /^upres: Missing required argument 'input'; upres --help lists what there is\.\n$/],
  ])("refuses %j with exit code 2 and one sentence", async (args, message) => {
    const ended = await upres(...args);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(message);
  });

  it("gives errors as JSON too", async () => {
    const missing = await upres("nothing.mp4", "--json");
    expect(missing.code).toBe(1);
    expect(ErrorDocument.parse(JSON.parse(missing.stdout)).error).toMatchObject({
      code: "input_not_found",
      message: "There is no file at nothing.mp4.",
    });
    const wrong = await upres("--json", "--bogus");
    expect(wrong.code).toBe(2);
    expect(ErrorDocument.parse(JSON.parse(wrong.stdout)).error.code).toBe("bad_request");
  });

  it("lists the networks", async () => {
    const Models = z.array(z.object({ id: z.string(), licence: z.string() })).min(1);
    const models = Models.parse(JSON.parse((await upres("models", "--json")).stdout));
    const { stdout } = await upres("models");
    for (const { id, licence } of models) expect(stdout).toMatch(new RegExp(`^${id} .* ${licence}$`, "m"));
  });

  it("examines the machine", async () => {
    const ended = await upres("doctor", "--json");
    expect(ended).toMatchObject({ code: 0 });
    const { checks } = z
      .object({ healthy: z.literal(true), checks: z.array(z.object({ name: z.string(), state: z.string() })) })
      .parse(JSON.parse(ended.stdout));
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
    const needed = ["ffmpeg", "encoder libx264", "encoder libx265", "encoder libvpx-vp9", "encoder libopus", "encoder aac"];
    for (const name of [...needed, "provider cpu", "auto uses"]) expect(states).toHaveProperty([name], "ok");
  });
});

describe("the demo", () => {
  it("makes a clip of its own and upscales it", async () => {
    expect(demo).toMatchObject({ code: 0 });
    expect(ReportDocument.parse(JSON.parse(demo.stdout)).output.size).toEqual({ width: 640, height: 360 });
    expect((await readdir(join(folder, "demo"))).toSorted()).toEqual(["clip.mp4", "clip.upres.mp4"]);
  });
});

describe("looking at a video", () => {
  it("plans with a reason for every decision", async () => {
    const { code, stdout } = await upres("plan", clip, "--to", "4k", "--json");
    expect(code).toBe(0);
    const Plan = z.object({
      outputSize: z.object({ width: z.int(), height: z.int() }),
      decisions: z.array(z.object({ topic: z.string(), choice: z.string(), reason: z.string().min(3) })).min(8),
    });
    const plan = Plan.parse(JSON.parse(stdout));
    expect(plan.outputSize).toEqual({ width: 3840, height: 2160 });
    const table = await upres("plan", clip, "--to", "4k");
    const lines = table.stdout.split("\n");
    for (const { topic, choice, reason } of plan.decisions) {
      expect(lines.filter((line) => line.startsWith(topic) && line.includes(choice) && line.endsWith(reason))).toHaveLength(1);
    }
  });

  it("probes", async () => {
    const { code, stdout } = await upres("probe", clip);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^video 0 +h264, 320x180, 25 fps, yuv420p/m);
    expect(stdout).toMatch(/^audio 1 +aac, 1 channel, 48000 Hz/m);
  });
});

describe("upscaling", () => {
  const quick = ["--scale", "1.1", "--tier", "fast", "--quality", "40"];

  it("makes the output, prints the report as JSON and writes it to a file", async () => {
    const ended = await upres(clip, "-o", "one/out.mov", ...quick, "--json", "--report", "one/report.json");
    expect(ended).toMatchObject({ code: 0 });
    const report = ReportDocument.parse(JSON.parse(ended.stdout));
    expect(report.frames).toMatchObject({ source: 75, output: 75 });
    const [video] = (await probe(join(folder, "one/out.mov"))).streams;
    expect(video).toMatchObject({ kind: "video", codedSize: report.output.size });
    expect(JSON.parse(await readFile(join(folder, "one/report.json"), "utf8"))).toEqual(JSON.parse(ended.stdout));
    expect((await readdir(join(folder, "one"))).toSorted()).toEqual(["out.mov", "report.json"]);
  });

  it("does not touch an output that exists", async () => {
    await writeFile(join(folder, "there.mp4"), "mine");
    const ended = await upres(clip, "-o", "there.mp4", ...quick);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toBe("upres: there.mp4 exists already; add --overwrite to replace it or choose another output.\n");
    expect(await readFile(join(folder, "there.mp4"), "utf8")).toBe("mine");
  });

  it("refuses to write over its own input", async () => {
    const ended = await upres(clip, "-o", clip, "--overwrite", ...quick);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/is the input itself; choose another name\.\n$/);
  });

  it("goes through a folder, past what fails and what is there already", async () => {
    const batch = join(folder, "batch");
    await mkdir(batch);
    await copyFile(clip, join(batch, "a.mp4"));
    await writeFile(join(batch, "b.mkv"), "<html>not a video</html>");
    await writeFile(join(batch, "notes.txt"), "no video");
    const first = await upres(batch, "-o", "large", ...quick);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/^upres: .*b\.mkv: The input is not a video file that can be read/m);
    expect(first.stdout).toMatch(/^2 videos: 1 done, 0 passed over, 1 failed$/m);
    expect(await readdir(join(folder, "large"))).toEqual(["a.upres.mp4"]);

    const second = await upres(batch, "-o", "large", ...quick, "--json");
    expect(second.code).toBe(1);
    const documents = z
      .array(z.looseObject({ state: z.string().optional(), error: z.unknown().optional() }))
      .parse(JSON.parse(second.stdout));
    expect(documents.map(({ state, error }) => [state, error !== undefined])).toEqual([
      ["skipped", false],
      [undefined, true],
    ]);
  });
});

describe("stopping", () => {
  const work = ["--scale", "8", "--tier", "fast", "--quality", "40"];
  let long = "";

  beforeAll(async () => {
    long = join(folder, "long.mp4");
    await writeDemoClip(long, { size: { width: 96, height: 54 }, durationSeconds: 11, gopFrames: 25 });
  });

  it("ends with 130 on Ctrl-C, leaves no output, and takes up the finished segments, with the same bytes", async () => {
    const first = start(long, "-o", "stopped.mp4", ...work);
    await first.saw(/segment 1 of 3 finished/);
    first.child.kill("SIGINT");
    first.child.kill("SIGINT");
    const stopped = await first.ended;
    expect(stopped).toMatchObject({ code: 130 });
    expect(stopped.stdout).toBe("");
    expect(stopped.stderr).toMatch(/upres: Stopped; [12] of 3 segments finished and kept: give the same command again .*\n$/);
    expect(await isThere(join(folder, "stopped.mp4"))).toBe(false);

    const second = await upres(long, "-o", "stopped.mp4", ...work);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).toMatch(/: segment 1 of 3 was finished earlier, kept$/m);
    expect(await isThere(join(folder, ".stopped.mp4.upres"))).toBe(false);

    const whole = await upres(long, "-o", "whole.mp4", ...work, "--json");
    expect(ReportDocument.parse(JSON.parse(whole.stdout)).speed).toEqual({ segments: 3, segmentsReused: 0 });
    const [resumed, uninterrupted] = await Promise.all(["stopped.mp4", "whole.mp4"].map((name) => readFile(join(folder, name))));
    expect(resumed?.equals(uninterrupted ?? Buffer.alloc(0))).toBe(true);
  });

  it("says so in JSON on SIGTERM and leaves nothing when nothing was finished", async () => {
    const run = start(long, "-o", "term.mp4", ...work, "--json");
    await run.saw(/96x54 to 768x432, 275 frames/);
    run.child.kill("SIGTERM");
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(ErrorDocument.parse(JSON.parse(stdout)).error.code).toBe("cancelled");
    expect(await isThere(join(folder, "term.mp4"))).toBe(false);
  });

  it("leaves no orphan when the launcher is killed", async () => {
    const run = start(long, "-o", "killed.mp4", ...work);
    await run.saw(/96x54 to 768x432, 275 frames/);
    run.child.kill("SIGKILL");
    // The pipes close when the last process that holds them has ended.
    const { stderr } = await run.ended;
    expect(stderr).toMatch(/upres: Stopped; /);
    expect(await isThere(join(folder, "killed.mp4"))).toBe(false);
  });
});
