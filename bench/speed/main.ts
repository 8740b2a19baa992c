import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stringifyJson } from "../../src/core/json.ts";
import { formatRational } from "../../src/domain/rational.ts";
import { type Tier, defaultRequest, tiers } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { describeMachine, machineFacts } from "../machine.ts";
import { type Usage, timeCommand } from "./command.ts";
import type { BaselineJob } from "./job.ts";
import { findShortfalls, formatResults, shareOf, Stages, type TierResult, UpresReport } from "./result.ts";
import { trimClip } from "./trim.ts";

// Times the whole command against decode, FFmpeg's Lanczos and the same encoder in the same run; see ../README.md.

const { values } = parseArgs({
  options: {
    clip: { type: "string", default: fileURLToPath(new URL("../../../shared/clips/2-nature_mdn_flower.mp4", import.meta.url)) },
    tiers: { type: "string", default: "fast,standard" },
    runs: { type: "string", default: "3" },
    frames: { type: "string" },
    threads: { type: "string", default: `${availableParallelism()}` },
    command: { type: "string", default: fileURLToPath(new URL("../../bin/upres.cjs", import.meta.url)) },
    out: { type: "string", default: fileURLToPath(new URL("../out/speed.json", import.meta.url)) },
    check: { type: "boolean", default: false },
  },
});
if (!existsSync(values.clip)) {
  console.error(`There is no ${values.clip}. Name a clip with --clip.`);
  process.exit(2);
}
const baseline = fileURLToPath(new URL("./baseline.ts", import.meta.url));
const stagesScript = fileURLToPath(new URL("./stages.ts", import.meta.url));
const threads = Number(values.threads);
const machine = machineFacts();
console.log(describeMachine(machine));
const folder = await mkdtemp(join(tmpdir(), "upres-bench-"));
try {
  const inputPath = await prepareInput(folder);
  const wanted = values.tiers.split(",").map((name) => {
    const tier = tiers.find((candidate) => candidate === name);
    if (tier === undefined) throw new RangeError(`there is no tier ${name}`);
    return tier;
  });
  const results: TierResult[] = [];
  for (const tier of wanted) results.push(await measureTier(tier, inputPath, folder));
  console.log(`\n${formatResults(results)}`);
  await mkdir(join(values.out, ".."), { recursive: true });
  await writeFile(values.out, stringifyJson({ machine, clip: values.clip, threads, results }));
  const shortfalls = findShortfalls(results);
  console.log(shortfalls.length === 0 ? "\nEvery target is reached." : `\nNot reached:\n${shortfalls.join("\n")}`);
  if (values.check && shortfalls.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function prepareInput(workFolder: string): Promise<string> {
  if (values.frames === undefined) return values.clip;
  const trimmed = join(workFolder, "input.mp4");
  const { video } = await inspect(values.clip, defaultRequest, threads);
  await trimClip(values.clip, trimmed, Number(values.frames), video.index);
  return trimmed;
}

async function measureTier(tier: Tier, inputPath: string, workFolder: string): Promise<TierResult> {
  const { plan } = await inspect(inputPath, { ...defaultRequest, tier }, threads);
  const { encode, time, source } = plan;
  const reportPath = join(workFolder, `${tier}.report.json`);
  const ours = join(workFolder, `${tier}.mp4`);
  const job: BaselineJob = {
    inputPath,
    streamIndex: source.streamIndex,
    outputPath: join(workFolder, `${tier}.lanczos.mp4`),
    encode: { ...encode, options: { ...encode.options } },
  };
  const jobPath = await writeJob(workFolder, `${tier}.baseline`, job);
  const size = `${source.uprightSize.width}x${source.uprightSize.height} to ${encode.size.width}x${encode.size.height}`;
  const encoder = `${encode.codec} ${Object.entries(encode.options).flat().join(" ")}`;
  console.log(`\n${tier}: ${time.frames} frames, ${formatRational(encode.frameRate)} a second, ${size}, ${encoder}`);
  const target = ["--to", "1080p", "--tier", tier, "--provider", "cpu", "--threads", `${threads}`];
  const command = [values.command, inputPath, "-o", ours, ...target, "--overwrite", "--no-resume", "--report", reportPath];
  const runs: { upres: Usage; lanczos: Usage }[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) {
    const lanczos = await timeCommand([baseline, jobPath]);
    const upres = await timeCommand(command);
    runs.push({ upres, lanczos });
    const seconds = `Lanczos ${lanczos.wallSeconds.toFixed(2)} s, Upres ${upres.wallSeconds.toFixed(2)} s`;
    console.log(`  ${seconds}, ratio ${(upres.wallSeconds / lanczos.wallSeconds).toFixed(2)}`);
  }
  const stagesPath = join(workFolder, `${tier}.stages.json`);
  const stagesJob = await writeJob(workFolder, `${tier}.stages`, { ...job, outputPath: ours });
  await timeCommand([stagesScript, stagesJob, stagesPath]);
  const stages = Stages.parse(JSON.parse(await readFile(stagesPath, "utf8")));
  const report = UpresReport.parse(JSON.parse(await readFile(reportPath, "utf8")));
  return { tier, frames: time.frames, runs, share: shareOf(runs, stages, report) };
}

async function writeJob(workFolder: string, name: string, content: BaselineJob): Promise<string> {
  const path = join(workFolder, `${name}.job.json`);
  await writeFile(path, JSON.stringify(content));
  return path;
}
