import { AppError } from "../../domain/errors.ts";
import type { Plan } from "../plan.ts";
import { type PlannedStage, stagePlaces } from "../stage-plan.ts";
import { Deband } from "./deband.ts";
import { Deblock } from "./deblock.ts";
import { Deflicker } from "./deflicker.ts";
import { Deinterlacer } from "./deinterlace.ts";
import { Denoise } from "./denoise.ts";
import { FrameInterpolator } from "./interpolate.ts";
import { InverseTelecine } from "./inverse-telecine.ts";
import { Regrain } from "./regrain.ts";
import { RemoveDirt } from "./remove-dirt.ts";
import { RestoreContrast } from "./restore-contrast.ts";
import { Sharpen } from "./sharpen.ts";
import { Stabilise } from "./stabilise.ts";
import type { FrameStage, ScanStage, StagePicture } from "./stage.ts";
import { TemporalAverage } from "./temporal-average.ts";

/** What becomes of the scan, if anything does. Owns: the caller disposes it. */
export function openScanStage(plan: Plan): ScanStage | undefined {
  for (const stage of plan.stages) {
    if (stage.name === "deinterlace") return new Deinterlacer(stage);
    if (stage.name === "inverse_telecine") return new InverseTelecine(stage, sourcePicture(plan));
  }
  return undefined;
}

/** What makes pictures in between, if any are planned. Owns: the caller disposes it. */
export function openInterpolator(plan: Plan): FrameInterpolator | undefined {
  if (!plan.stages.some(({ name }) => name === "interpolate")) return undefined;
  const { source, outputSize, work } = plan;
  return new FrameInterpolator({ sourceSize: source.uprightSize, outputSize, bitDepth: work.bitDepth });
}

export type OpenStage = { readonly planned: PlannedStage; readonly stage: FrameStage };

/** The planned stages of one place, in running order. Owns: the caller disposes each. */
export function openStages(plan: Plan, place: "source" | "output"): readonly OpenStage[] {
  const picture = place === "source" ? sourcePicture(plan) : outputPicture(plan);
  const opened: OpenStage[] = [];
  try {
    for (const planned of plan.stages) {
      if (stagePlaces[planned.name] === place) opened.push({ planned, stage: openStage(planned, picture) });
    }
    return opened;
  } catch (error) {
    for (const { stage } of opened) stage[Symbol.dispose]();
    throw error;
  }
}

function openStage(planned: PlannedStage, picture: StagePicture): FrameStage {
  switch (planned.name) {
    case "deflicker":
      return new Deflicker(planned, picture);
    case "deblock":
      return new Deblock(planned, picture);
    case "denoise":
      return new Denoise(planned, picture);
    case "deband":
      return new Deband(planned, picture);
    case "temporal_average":
      return new TemporalAverage(planned, picture);
    case "regrain":
      return new Regrain(planned, picture);
    case "sharpen":
      return new Sharpen(planned, picture);
    case "stabilise":
      return new Stabilise(planned, picture);
    case "remove_dirt":
      return new RemoveDirt(planned, picture);
    case "restore_contrast":
      return new RestoreContrast(planned, picture);
    case "deinterlace":
    case "inverse_telecine":
    case "interpolate":
      throw new AppError("internal", `The stage ${planned.name} does not keep count and timestamps.`);
  }
}

export function sourcePicture(plan: Plan): StagePicture {
  return { ...plan.source.uprightSize, ...common(plan) };
}

function outputPicture(plan: Plan): StagePicture {
  return { ...plan.outputSize, ...common(plan) };
}

function common({ work, encode, time }: Plan): Omit<StagePicture, "width" | "height"> {
  const range = encode.color.range === "full" ? "full" : "limited";
  return { ...work, range, timeBase: time.timeBase, sourceTimeBase: time.sourceTimeBase };
}
