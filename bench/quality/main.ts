import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, parse } from "node:path";
import { stringifyJson } from "../../src/core/json.ts";
import { describeMachine, machineFacts } from "../machine.ts";
import type { QualityClip } from "./clips.ts";
import { chooseContenders, type Contender, lanczos, type Upscaled } from "./contenders.ts";
import { degradations, type DegradationName, type Degraded } from "./degradations.ts";
import { readOverlays } from "./film.ts";
import { type Pictures, readTruth } from "./material.ts";
import { measure, prepareReference, type Reference } from "./metrics.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { writeSideBySide } from "./picture.ts";
import {
  compareWithWebsr,
  findShortfalls,
  formatGains,
  formatSummary,
  groups,
  type Measurement,
  type QualityResult,
} from "./result.ts";

// Measures networks against Lanczos and each other on clips that never train; see ../README.md.

const options = optionsOrExit();
const machine = machineFacts();
const onSkip = (name: string, reason: string): void => console.log(`Skipped: ${name}, since ${reason}.`);
console.log(`${describeMachine(machine)}\n${options.frames} frames a clip`);
const contenders: readonly Contender[] = [
  lanczos,
  ...(await chooseContenders({
    names: options.networks,
    threads: availableParallelism(),
    modelsFolder: options.modelsFolder,
    websrFolder: options.websr,
    onSkip,
  })),
];
const models = contenders.flatMap(({ name, model }) => {
  if (model === undefined) return [];
  if ("descriptor" in model) return [{ name, id: model.descriptor.id, sha256: model.descriptor.file.sha256, isOurs: false }];
  return [{ name, id: model.id, sha256: model.files.u8.sha256, isOurs: true }];
});
for (const { name, id, sha256 } of models) console.log(`${name}: ${id} (sha256 ${sha256})`);
const overlays = options.degradations.includes("oldfilm") ? await readOverlays(options.overlays) : undefined;
const chosen = options.degradations.filter((name) => name !== "oldfilm" || overlays !== undefined);
if (chosen.length < options.degradations.length)
  onSkip("oldfilm", `${options.overlays} has no pictures of dirt; name it with --overlays`);
await mkdir(options.out, { recursive: true });

const measurements: Measurement[] = [];
for (const clip of options.clips) measurements.push(...(await measureClip(clip)));
for (const [degradation, group] of groups(measurements)) {
  const factor = group[0]?.factor ?? 0;
  console.log(`\n${degradation}, x${factor}: mean (median) of ${options.clips.length} clips\n\n${formatSummary(group)}`);
  if (contenders.length > 1) console.log(`\n${formatGains(group)}`);
  for (const sentence of compareWithWebsr(group)) console.log(`\n${sentence}`);
}
const result: QualityResult = { machine, models, framesPerClip: options.frames, measurements };
await writeFile(join(options.out, "result.json"), stringifyJson(result));
console.log(`\nPictures (reference, then ${contenders.map(({ name }) => name).join(", ")}) and figures: ${options.out}`);

const ours = models.filter(({ isOurs }) => isOurs).map(({ name }) => name);
const shortfalls = findShortfalls(ours, measurements);
console.log(shortfalls.length === 0 ? "\nEvery floor is reached." : `\nNot reached:\n${shortfalls.join("\n")}`);
if (options.check && shortfalls.length > 0) process.exitCode = 1;

function optionsOrExit(): BenchOptions {
  try {
    return readOptions();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

async function measureClip(clip: QualityClip): Promise<readonly Measurement[]> {
  const started = performance.now();
  using truth = await readTruth(join(options.folder, clip.file), options.frames);
  const prepared = prepareReference(truth.frames);
  const found: Measurement[] = [];
  for (const factor of options.factors) {
    for (const degradation of chosen) found.push(...(await measureDegraded({ truth, prepared, clip, degradation, factor })));
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${clip.file}: ${truth.frames.length} frames of ${truth.size.width}x${truth.size.height} in ${seconds.toFixed(0)} s`,
  );
  return found;
}

type Question = {
  readonly truth: Pictures;
  readonly prepared: Reference;
  readonly clip: QualityClip;
  readonly degradation: DegradationName;
  readonly factor: number;
};

async function measureDegraded(question: Question): Promise<readonly Measurement[]> {
  const { truth, prepared, degradation, factor } = question;
  const { file, focus } = question.clip;
  const clip = parse(file).name;
  const degraded: Degraded = await degradations[degradation](truth, { factor, clip, overlays });
  using source = degraded.source;
  using ownReference = degraded.reference;
  const reference = ownReference === undefined ? prepared : prepareReference(ownReference.frames);
  const results: { readonly name: string; readonly upscaled: Upscaled }[] = [];
  try {
    // One after the other, so that they do not slow each other down.
    for (const { name, upscale } of contenders) results.push({ name, upscaled: await upscale(source, factor) });
    const middle = Math.floor(reference.frames.length / 2);
    const shown = [reference, ...results.map(({ upscaled }) => upscaled.pictures)];
    const picture = join(options.out, `${clip}.${degradation}.x${factor}.png`);
    await writeSideBySide(
      picture,
      shown.flatMap(({ frames }) => frames.slice(middle, middle + 1)),
      focus,
    );
    // All at once: a filter graph keeps one core busy.
    return await Promise.all(
      results.map(async ({ name: contender, upscaled: { pictures, secondsPerFrame, networkSecondsPerFrame } }) => {
        const scores = await measure(reference, pictures.frames);
        return { clip, factor, degradation, contender, scores, secondsPerFrame, networkSecondsPerFrame };
      }),
    );
  } finally {
    for (const { upscaled } of results) upscaled.pictures[Symbol.dispose]();
  }
}
