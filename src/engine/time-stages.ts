import type { VideoStream } from "../domain/media-info.ts";
import { formatRational, type Rational, toNumber } from "../domain/rational.ts";
import { rateOf, type UpscaleRequest } from "../domain/upscale-request.ts";
import type { Timeline } from "../media/timeline.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";
import type { Planned } from "./stage-plan.ts";
import { filmGrid, outputTimes, type OutputTimes, type RateGrid, type TimeRule } from "./time.ts";

export type TimeQuestion = {
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly diagnosis: Diagnosis;
  readonly fps: UpscaleRequest["fps"];
};

/** The output's timeline and the stages that make it. */
export type TimeChoice = {
  readonly rule: TimeRule;
  readonly times: OutputTimes;
  readonly scan: Planned<"deinterlace"> | Planned<"inverse_telecine"> | undefined;
  readonly interpolate: Planned<"interpolate"> | undefined;
};

/** Decides what becomes of the scan and of the frame rate. Pure. */
export function chooseTimeStages({ video, timeline, diagnosis, fps }: TimeQuestion): TimeChoice {
  const asked = fps === "keep" ? undefined : rateOf(fps);
  const scan = chooseScanStage(video, timeline, diagnosis, asked);
  const scanRule =
    scan === undefined ? "keep" : scan.name === "inverse_telecine" ? "film" : scan.output === "fields" ? "fields" : "keep";
  const kept: TimeRule = { scan: scanRule, rate: undefined };
  if (asked === undefined) return { rule: kept, times: outputTimes(timeline, kept), scan, interpolate: undefined };
  const rule: TimeRule = { scan: scanRule, rate: asked };
  const times = outputTimes(timeline, rule);
  if (isSame(times)) return { rule: kept, times: outputTimes(timeline, kept), scan, interpolate: undefined };
  return { rule, times, scan, interpolate: chooseInterpolation(asked, times) };
}

/** The output's frames where they stand on a grid. */
export function gridOf({ rule, times: { frameTicks } }: TimeChoice): RateGrid | undefined {
  const [firstTicks] = frameTicks;
  if (rule.rate === undefined || firstTicks === undefined) return undefined;
  return { firstTicks, rate: rule.rate, frames: frameTicks.length };
}

/** The output's frames a second; on average where they do not come steadily. */
export function frameRateOf({ rule, scan }: TimeChoice, sourceRate: Rational): Rational {
  if (rule.rate !== undefined) return rule.rate;
  if (scan?.name === "inverse_telecine") return scan.grid.filmRate;
  const known = sourceRate.num > 0 ? sourceRate : { num: 25, den: 1 };
  return rule.scan === "fields" ? { num: known.num * 2, den: known.den } : known;
}

function chooseScanStage(
  { pixelFormat }: VideoStream,
  timeline: Timeline,
  { scan, fieldOrder = "top_first", reason }: Diagnosis,
  asked: Rational | undefined,
): TimeChoice["scan"] {
  if (scan === "progressive") return undefined;
  const output = asked !== undefined && toNumber(asked) > usualRate(timeline) * 1.2 ? "fields" : "frames";
  if (scan === "interlaced") return { name: "deinterlace", fieldOrder, output, reason };
  const grid = filmGrid(timeline);
  const canMatch = pixelFormat.bitDepth === 8 && ["420", "422", "444"].includes(pixelFormat.chroma);
  const [firstTicks] = timeline.frameTicks;
  if (grid !== undefined && canMatch && firstTicks !== undefined) {
    return { name: "inverse_telecine", fieldOrder, grid: { ...grid, firstTicks }, reason };
  }
  const obstacle = canMatch
    ? "its frames do not come steadily at 30 a second, so film's cannot be told from them"
    : `fields are matched in 8-bit video only, not in ${pixelFormat.name}`;
  return { name: "deinterlace", fieldOrder, output, reason: `${reason}; ${obstacle}` };
}

/** A rate within this share of the source's is reached by leaving out or repeating a frame now and then. */
const sameRateShare = 0.005;

/** Whether pictures in between are needed: not where every output frame has its picture or nearly the same rate. */
function chooseInterpolation(asked: Rational, { restoredTicks, frameTicks, timeBase }: OutputTimes): TimeChoice["interpolate"] {
  const there = new Set(restoredTicks);
  if (frameTicks.every((ticks) => there.has(ticks))) return undefined;
  const rate = usualRate({ frameTicks: restoredTicks, timeBase });
  if (Math.abs(rate / toNumber(asked) - 1) < sameRateShare) return undefined;
  const from = Number(rate.toFixed(3));
  return {
    name: "interpolate",
    rate: asked,
    reason: `${formatRational(asked)} frames a second were asked for, the source has ${from}`,
  };
}

function isSame({ restoredTicks, frameTicks }: OutputTimes): boolean {
  return restoredTicks.length === frameTicks.length && restoredTicks.every((ticks, index) => ticks === frameTicks[index]);
}

/** Frames a second while frames come: gaps and stillness of a variable rate are left out. */
function usualRate({ frameTicks, timeBase }: Pick<Timeline, "frameTicks" | "timeBase">): number {
  const steps = frameTicks.slice(1).map((ticks, index) => Number(ticks - (frameTicks[index] ?? ticks)));
  const longest = 1.5 * (Float64Array.from(steps).toSorted()[steps.length >> 1] ?? 0);
  const usual = steps.filter((step) => step <= longest);
  const ticks = usual.reduce((sum, step) => sum + step, 0);
  return ticks === 0 ? 0 : (usual.length * timeBase.den) / (ticks * timeBase.num);
}
