import type { Size, VideoStream } from "../../domain/media-info.ts";
import { agreeOnBorders } from "./borders.ts";
import { blockStrength, fewestEdges, ringingStrength } from "./codec-damage.ts";
import { type Measures, neverInterlaced } from "./collect.ts";
import { type Diagnosis, type Letterbox, nothingFound, type Tones, type Topic } from "./diagnosis.ts";
import { isLit, judgeFading, judgeMonochrome } from "./color-judgement.ts";
import { describe } from "./findings.ts";
import { measureFlicker } from "./flicker.ts";
import { countCuts, judgeCadence } from "./motion.ts";
import { judgeScan } from "./scan.ts";
import { findTrueShare } from "./spectrum.ts";
import { clamp, median } from "./statistics.ts";
import { tonesOf, withoutBorders } from "./tones.ts";

/** Fewer flat places than these in a picture say nothing of a grid. */
const fewestSites = 100;
const fewestSmooth = 0.02;
/** Sides of sharp edges for each picture looked at; the few of a soft picture may be its texture. */
const fewestSides = 200;

/** What other sources say; undefined where they cannot. */
export type Beside = { readonly compression: number | undefined; readonly shared: number | undefined };

/** Turns what was measured into findings. Pure. */
export function conclude(measures: Measures, video: VideoStream, { compression, shared }: Beside): Diagnosis {
  const { width, height } = video.codedSize;
  if (measures.frames === 0) return { ...nothingFound, findings: describe(nothingFound, video) };
  const scan = neverInterlaced.test(video.codec)
    ? ({ scan: "progressive", fieldOrder: undefined, reason: `${video.codec} video is progressive` } as const)
    : judgeScan(measures.interlace, video);
  const borders = agreeOnBorders(measures.borders, width, height);
  const inner = measures.points.map((points) => withoutBorders(points, borders, width, height));
  const places = inner.map(tonesOf).toSorted((a, b) => (a.ticks < b.ticks ? -1 : 1));
  const grid = measures.grid.filter(({ sites }) => sites >= fewestSites);
  const blockiness = blockStrength(median(grid.map(({ excess }) => excess)));
  const noiseSigma = median(measures.noise.map(({ sigma }) => sigma));
  const cadence = scan.scan === "progressive" ? judgeCadence(measures.windows) : { ...nothingFound.cadence, pairs: 0 };
  const diagnosis: Diagnosis = {
    ...scan,
    sampledFrames: measures.frames,
    cadence: { kind: cadence.kind, uniqueShare: cadence.uniqueShare },
    trueSize: scan.scan === "progressive" ? trueSize(measures, upright(video)) : undefined,
    compression: compression ?? nothingFound.compression,
    blockiness,
    // Ripples alone may be texture: they count where the codec's blocks show as well.
    ringing: median(measures.ringing.map(ringingStrength)) * clamp(blockiness * 3, 0, 1),
    // Where fields are woven, every moving edge shoots over.
    halos: scan.scan === "progressive" ? judgeHalos(measures) : nothingFound.halos,
    shared: scan.scan === "progressive" ? (shared ?? nothingFound.shared) : nothingFound.shared,
    noiseSigma,
    grain: judgeGrain(measures, noiseSigma),
    banding: judgeBanding(measures),
    flicker: measureFlicker(measures.windows),
    letterbox: turn(borders, video),
    isMonochrome: judgeMonochrome(inner, video),
    fading: { isFaded: judgeFading(places, video), places },
    cuts: countCuts(measures.windows),
    unmeasured: [
      ...unmeasured(measures, scan.scan === "progressive" && cadence.pairs === 0, places),
      ...(compression === undefined ? (["compression"] as const) : []),
      ...(shared === undefined ? (["shared"] as const) : []),
    ],
    findings: [],
  };
  return { ...diagnosis, findings: describe(diagnosis, video) };
}

function upright({ codedSize, orientation }: VideoStream): Size {
  return orientation.quarterTurnsClockwise % 2 === 1 ? { width: codedSize.height, height: codedSize.width } : codedSize;
}

function trueSize({ spectrum }: Measures, size: Size): Size | undefined {
  const found = findTrueShare(spectrum);
  if (found === undefined) return undefined;
  const even = (value: number): number => Math.max(2, Math.round((value * found.share) / 2) * 2);
  return { width: even(size.width), height: even(size.height) };
}

function unmeasured(measures: Measures, isStill: boolean, places: readonly Tones[]): readonly Topic[] {
  const { noise, grid, ringing, halos, banding, spectrum } = measures;
  const topics: Topic[] = [];
  if (isStill) topics.push("cadence");
  if (spectrum.lines === 0) topics.push("enlarged");
  if (!grid.some(({ sites }) => sites >= fewestSites)) topics.push("blockiness");
  if (ringing.every(({ edges }) => edges < fewestEdges)) topics.push("ringing");
  if (!hasSharpEdges(halos)) topics.push("halos");
  if (noise.length === 0) topics.push("noise", "grain");
  if (banding.every(({ smooth, blocks }) => smooth < fewestSmooth * blocks)) topics.push("banding");
  if (measures.borders.every((borders) => borders === undefined)) topics.push("letterbox");
  if (!places.some(isLit)) topics.push("monochrome", "faded");
  return topics;
}

const leastGrain = 0.8;
const mostSkipped = 0.5;

/** Noise that a codec made is frozen in flat places, or smooth; what is neither is the picture's own. */
function judgeGrain({ noise }: Measures, sigma: number): Diagnosis["grain"] {
  const correlation = median(noise.map((measure) => measure.correlation));
  const skipped = median(noise.map((measure) => measure.skipped));
  const isGrain = sigma >= leastGrain && skipped < mostSkipped && correlation < 0.8;
  return isGrain ? { sigma, isCoarse: correlation > 0.35 } : nothingFound.grain;
}

function judgeHalos({ halos }: Measures): number {
  return hasSharpEdges(halos) ? clamp(median(halos.flat()), 0, 1) : nothingFound.halos;
}

function hasSharpEdges(halos: Measures["halos"]): boolean {
  return halos.length > 0 && halos.flat().length >= fewestSides * halos.length;
}

function judgeBanding({ banding }: Measures): number {
  const total = (read: (measure: Measures["banding"][number]) => number): number =>
    banding.reduce((sum, measure) => sum + read(measure), 0);
  const smooth = total((measure) => measure.smooth);
  return smooth === 0 || smooth < fewestSmooth * total(({ blocks }) => blocks) ? 0 : total(({ stepped }) => stepped) / smooth;
}

/** Borders of the coded picture as those of the upright one: mirrored first, then turned clockwise. */
function turn(borders: Letterbox, { orientation }: VideoStream): Letterbox {
  let { top, bottom, left, right } = borders;
  if (orientation.mirrored) [left, right] = [right, left];
  for (let turns = 0; turns < orientation.quarterTurnsClockwise; turns += 1) {
    [top, right, bottom, left] = [left, top, right, bottom];
  }
  return { top, bottom, left, right };
}
