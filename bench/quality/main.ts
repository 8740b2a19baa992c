import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describeMachine, machineFacts } from "../machine.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { judge } from "./aims.ts";
import { chooseContenders, type Contender, lanczos, untouched } from "./contenders.ts";
import { writeCrops } from "./crops.ts";
import { reasonToLeaveOut } from "./degradations.ts";
import { readOverlays } from "./film.ts";
import { groupsOf } from "./gains.ts";
import { measureClip } from "./measure-clip.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { PictureFolder } from "./picture-folder.ts";
import { writeReport } from "./report.ts";
import { MeasurementStore } from "./store.ts";

// Measures networks against Lanczos and each other on clips that never train; see ../README.md.

const options = optionsOrExit();
const machine = machineFacts();
const tell = (sentence: string): void => console.log(sentence);
const onSkip = (name: string, reason: string): void => tell(`Skipped: ${name}, since ${reason}.`);
tell(`${describeMachine(machine)}\n${options.frames} frames a clip`);
const contenders: readonly Contender[] = [
  lanczos,
  untouched,
  ...(await chooseContenders({
    names: options.networks,
    threads: availableParallelism(),
    modelsFolder: options.modelsFolder,
    websrFolder: options.websr,
    onSkip,
  })),
];
const names = contenders.map(({ name }) => name);
const overlays = options.degradations.includes("oldfilm") ? await readOverlays(options.overlays) : undefined;
const chosen = options.degradations.filter((name) => name !== "oldfilm" || overlays !== undefined);
if (chosen.length < options.degradations.length)
  onSkip("oldfilm", `${options.overlays} has no pictures of dirt; name it with --overlays`);
tellRefusals();
await mkdir(options.out, { recursive: true });
const store = await MeasurementStore.open(join(options.out, "figures.jsonl"));
const pictures = new PictureFolder(options.out, names);

let failures = 0;
const { folder, frames, factors, fresh } = options;
const common = { folder, frames, factors, degradations: chosen, contenders, overlays, store, pictures, fresh, tell };
for (const clip of options.clips) failures += await measureClip({ clip, ...common });
if (liveFrameCount() > 0) {
  failures += 1;
  tell(`Failed: ${liveFrameCount()} frames were not freed.`);
}

const measurements = store.list(names);
const report = writeReport(measurements, names, machine);
await writeFile(join(options.out, "report.md"), report);
tell(`\n${report}`);
tellStale();
if (options.crops !== undefined) {
  await mkdir(options.crops, { recursive: true });
  await writeCrops(pictures, options.crops, tell);
}
tell(`Figures, report and pictures: ${options.out}`);
const missed = judge(groupsOf(measurements)).filter(({ isMet, isFloor }) => !isMet && isFloor);
for (const { what, wanted, found } of missed) tell(`Floor missed: ${what}: ${found}; wanted: ${wanted}`);
if (failures > 0 || (options.check && missed.length > 0)) process.exitCode = 1;

function optionsOrExit(): BenchOptions {
  try {
    return readOptions();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

/** Why chosen contenders take no part in some tasks; the two baselines, which stand in for each other, need no word. */
function tellRefusals(): void {
  for (const factor of options.factors) {
    for (const name of chosen) {
      const reason = reasonToLeaveOut(name, factor);
      if (reason !== undefined) onSkip(`${name} x${factor}`, reason);
    }
    for (const { name, refuses } of contenders.slice(2)) {
      const reasons = Map.groupBy(chosen, (degradation) => refuses?.({ degradation, factor, frames: options.frames }));
      for (const [reason, kinds] of reasons)
        if (reason !== undefined) onSkip(`${name} on ${kinds.join(", ")} x${factor}`, reason);
    }
  }
}

/** Figures that other weights made stay until they are measured again; the report must not pass them off as current. */
function tellStale(): void {
  const current = new Map(contenders.map(({ name, identity }) => [name, identity]));
  const stale = measurements.filter(({ contender, identity }) => current.get(contender) !== identity);
  if (stale.length === 0) return;
  const whose = [...new Set(stale.map(({ contender }) => contender))].join(", ");
  tell(`${stale.length} figures in the report are of earlier weights (${whose}); run those again to replace them.`);
}
