import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stringifyJson } from "../../src/core/json.ts";
import { bundledModels } from "../../src/models/registry.ts";
import { describeMachine, machineFacts } from "../machine.ts";
import { qualityClips, type QualityClip } from "./clips.ts";
import { conditions, makeSource, readTruth, scale } from "./material.ts";
import { measure } from "./metrics.ts";
import { writeSideBySide } from "./picture.ts";
import { findShortfalls, formatCondition, type Measurement, type QualityResult } from "./result.ts";
import { upscale } from "./upscale.ts";

// Measures a bundled network against Lanczos on clips that never train; see ../README.md.

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "standard" },
    clips: { type: "string", default: fileURLToPath(new URL("../../../shared/clips/", import.meta.url)) },
    only: { type: "string", default: "" },
    frames: { type: "string", default: "24" },
    out: { type: "string", default: fileURLToPath(new URL("../out/quality/", import.meta.url)) },
    check: { type: "boolean", default: false },
  },
});
const model = bundledModels.find(({ tier }) => tier === values.model);
if (model === undefined) throw new RangeError(`there is no network of tier ${values.model}`);
const options = { model, threads: availableParallelism() };
const machine = machineFacts();
const clips = qualityClips.filter(({ file }) => file.includes(values.only));
const missing = clips.filter(({ file }) => !existsSync(join(values.clips, file)));
if (clips.length === 0 || missing.length > 0) {
  console.error(
    `No such clips: ${missing.map(({ file }) => join(values.clips, file)).join(", ") || values.only}. Name their folder with --clips.`,
  );
  process.exit(2);
}
await mkdir(values.out, { recursive: true });

console.log(`${describeMachine(machine)}\n${model.id} (sha256 ${model.files.u8.sha256}), ${values.frames} frames a clip`);
const measurements: Measurement[] = [];
for (const clip of clips) measurements.push(...(await measureClip(clip)));
for (const { name } of conditions) {
  const group = measurements.filter(({ condition }) => condition === name);
  console.log(`\n${model.id}, ${name}: Lanczos, ours, gain\n\n${formatCondition(group)}`);
}
const result: QualityResult = {
  machine,
  model: { id: model.id, sha256: model.files.u8.sha256 },
  framesPerClip: Number(values.frames),
  measurements,
};
await writeFile(join(values.out, `${model.tier}.json`), stringifyJson(result));
console.log(`\nPictures (ground truth, Lanczos, ours) and figures: ${values.out}`);

const shortfalls = findShortfalls(model.tier, measurements);
console.log(shortfalls.length === 0 ? "\nEvery floor is reached." : `\nNot reached:\n${shortfalls.join("\n")}`);
if (values.check && shortfalls.length > 0) process.exitCode = 1;

async function measureClip({ file, focus }: QualityClip): Promise<readonly Measurement[]> {
  const started = performance.now();
  using truth = await readTruth(join(values.clips, file), Number(values.frames));
  const size = { width: truth.first.width, height: truth.first.height };
  const found: Measurement[] = [];
  for (const condition of conditions) {
    using source = await makeSource(truth, condition);
    using lanczos = await scale(source, size, "lanczos");
    using ours = await upscale(source, options);
    const middle = Math.floor(truth.frames.length / 2);
    const shown = [truth, lanczos, ours].flatMap(({ frames }) => frames.slice(middle, middle + 1));
    const picture = `${parse(file).name}.${condition.name.replace(" ", "").toLowerCase()}.${options.model.tier}.png`;
    await writeSideBySide(join(values.out, picture), shown, focus);
    // Both at once: a filter graph keeps one core busy.
    const [lanczosScores, ourScores] = await Promise.all([
      measure(truth.frames, lanczos.frames),
      measure(truth.frames, ours.frames),
    ]);
    found.push({ clip: parse(file).name, condition: condition.name, lanczos: lanczosScores, ours: ourScores });
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${file}: ${truth.frames.length} frames of ${size.width}x${size.height} in ${seconds.toFixed(0)} s`);
  return found;
}
