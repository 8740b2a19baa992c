import { priceMicros, type PriceSettings } from "../../domain/pricing.ts";
import { dialectNames } from "../../domain/job.ts";
import type { UpscaleRequest } from "../../domain/upscale-request.ts";
import { networkMacs, networkPasses } from "../../engine/network-plan.ts";
import { bundledModels } from "../../models/registry.ts";
import type { PastWork } from "../../jobs/past-work.ts";
import type { FoundTier } from "../../worker/viewer-messages.ts";
import type { SizeEstimate, TimeEstimate } from "./page-wire.ts";

// How long a job will take and how large its result will be, from what this installation did before, and where it did
// nothing alike from rules of thumb. Pure.

type Planned = Extract<FoundTier, { readonly output: object }>;

/** Opening, assembling and reading back, which short videos feel. */
const aroundSeconds = 3;
/** What a processor core of these years does of the networks' multiply-adds, when nothing was measured here. */
const assumedMacsPerThreadSecond = 1.5e10;
/** Of frames that no network touches. */
const assumedPixelsPerSecond = 4e7;
const assumedSpread = 3;
const leastSpread = 1.25;
const fewestMeasured = 1;

/** Units: seconds, without the wait in the queue. */
export function guessTime(planned: Planned, past: readonly PastWork[], threads: number): TimeEstimate {
  const rates = past.flatMap((work) => {
    const macs = macsPerFrame(work);
    const isAlike = work.network === planned.network && (macs === 0) === (planned.multiplyAdds === 0);
    const perFrame = macs === 0 ? work.output.width * work.output.height : macs;
    return isAlike ? [work.framesPerSecond * perFrame] : [];
  });
  const { width, height, frames } = planned.output;
  const isNetwork = planned.multiplyAdds > 0;
  const work = isNetwork ? planned.multiplyAdds : width * height * frames;
  if (rates.length >= fewestMeasured) {
    const { middle, spread } = spreadOf(rates);
    const about = `from ${rates.length === 1 ? "the last job" : `the last ${rates.length} jobs`} with the same network here`;
    return time(work / middle, spread, "measured", about);
  }
  const rate = isNetwork ? assumedMacsPerThreadSecond * threads : assumedPixelsPerSecond;
  return time(work / rate, assumedSpread, "assumed", "from what processors usually do: nothing like it ran here yet");
}

function time(workSeconds: number, spread: number, method: TimeEstimate["method"], about: string): TimeEstimate {
  const rounded = (seconds: number): number => (seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds));
  return {
    seconds: rounded(workSeconds + aroundSeconds),
    low_seconds: rounded(workSeconds / spread + aroundSeconds / 2),
    high_seconds: rounded(workSeconds * spread + aroundSeconds * 2),
    method,
    about,
  };
}

function macsPerFrame({ network, source, output }: PastWork): number {
  const model = bundledModels.find(({ id }) => id === network);
  if (model === undefined) return 0;
  return networkMacs(source, networkPasses(source, output, model), model);
}

/** Bits a pixel at the rate factors that the encoders are used at, for pictures of usual detail. */
const usualBits: Readonly<Record<string, { readonly crf: number; readonly bitsPerPixel: number }>> = {
  libx264: { crf: 23, bitsPerPixel: 0.08 },
  libx265: { crf: 24, bitsPerPixel: 0.05 },
  "libvpx-vp9": { crf: 31, bitsPerPixel: 0.05 },
};
const crfToHalve = 6;
const measuredSizeSpread = 2;

/** Units: bytes, tracks that are copied included. */
export function guessSize(planned: Planned, past: readonly PastWork[], quality: number): SizeEstimate {
  const { width, height, frames } = planned.output;
  const codec = { libx264: "h264", libx265: "hevc", "libvpx-vp9": "vp9" }[planned.encoder.codec];
  const alike = past.filter((work) => work.output.codec === codec && work.quality === quality);
  const pixels = width * height * frames;
  if (alike.length > 0) {
    const { middle, spread } = spreadOf(
      alike.map(({ output, frames: made }) => output.sizeBytes / (output.width * output.height * made)),
    );
    const about = `from ${alike.length === 1 ? "the last result" : `the last ${alike.length} results`} of this quality here`;
    return size(pixels * middle, planned.copiedBytes, {
      spread: Math.max(measuredSizeSpread, spread),
      method: "measured",
      about,
    });
  }
  const { crf, bitsPerPixel } = usualBits[planned.encoder.codec] ?? { crf: 23, bitsPerPixel: 0.08 };
  const bits = bitsPerPixel * 2 ** ((crf - planned.encoder.crf) / crfToHalve);
  const about = "from what the encoder usually needs at this quality: how much depends on the picture";
  return size((pixels * bits) / 8, planned.copiedBytes, { spread: assumedSpread, method: "assumed", about });
}

function size(
  videoBytes: number,
  copiedBytes: number,
  { spread, method, about }: { readonly spread: number; readonly method: SizeEstimate["method"]; readonly about: string },
): SizeEstimate {
  const bytes = (value: number): number => Math.round(value + copiedBytes);
  return {
    bytes: bytes(videoBytes),
    low_bytes: bytes(videoBytes / spread),
    high_bytes: bytes(videoBytes * spread),
    method,
    about,
  };
}

/** The median, and by which factor the others lie around it. */
function spreadOf(values: readonly number[]): { readonly middle: number; readonly spread: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? 1;
  const middle = at(0.5);
  return { middle, spread: Math.max(leastSpread, at(0.9) / middle, middle / at(0.1)) };
}

/** What a job costs through each API, from an account's credits. */
export function pricesOf(
  request: UpscaleRequest,
  planned: Planned,
  { durationSeconds, prices }: { readonly durationSeconds: number; readonly prices: PriceSettings },
): { readonly own: bigint; readonly hosted: Readonly<Record<string, string>> } {
  const { width, height } = planned.output;
  const priceAs = (name: (typeof dialectNames)[number]): bigint =>
    priceMicros(name, request, { durationSeconds, width, height }, prices);
  const hosted = dialectNames.filter((name) => name !== "native").map((name) => [name, String(priceAs(name))]);
  return { own: priceAs("native"), hosted: Object.fromEntries(hosted) };
}
