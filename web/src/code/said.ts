import type { Box, FrameRate, Job, Preset, Tier } from "../api/types.ts";

/** A request as one of the services would be sent it, and what of the job it cannot say. */
export type Said<Body extends object> = { readonly body: Body; readonly differences: readonly string[] };

export type JobFacts = Pick<Job, "request"> & { readonly result: Pick<NonNullable<Job["result"]>, "width" | "height"> | null };

/** The named size that a job asked for or came to; undefined where none fits. */
export function boxOf({ request: { target }, result }: JobFacts): Box | undefined {
  if (target.kind === "box") return target.box;
  const short = result === null ? undefined : Math.min(result.width, result.height);
  if (target.kind !== "next_box") return undefined;
  return short === 1080 ? "1080p" : short === 1440 ? "2k" : short === 2160 ? "4k" : undefined;
}

type FalInput = {
  target_resolution?: Box;
  scale_ratio?: number;
  target_fps?: "30fps" | "60fps";
  enhancement_preset?: Preset;
  enhancement_tier?: Tier;
  fidelity?: "medium";
};

/** The fields of `fal-ai/bytedance-upscaler/upscale/video`, beside `video_url`; its own defaults are left out. */
export function sayForFal(job: JobFacts): Said<FalInput> {
  const { request } = job;
  const box = boxOf(job);
  const scale = request.target.kind === "scale" ? request.target.factor : undefined;
  return {
    body: {
      ...(scale === undefined ? { target_resolution: box ?? "1080p" } : { scale_ratio: scale }),
      ...((request.fps === 30 || request.fps === 60) && { target_fps: `${request.fps}fps` as const }),
      ...(request.preset !== "general" && { enhancement_preset: request.preset }),
      enhancement_tier: request.tier,
      ...(request.fidelity !== "high" && { fidelity: request.fidelity }),
    },
    differences: [
      ...(scale === undefined && box === undefined
        ? ["It takes one of three sizes or a factor; this one is asked for 1080p."]
        : []),
      ...(request.fps === "keep" || request.fps === 30 || request.fps === 60
        ? []
        : [`Its rates are 30fps and 60fps, not ${rateText(request.fps)}.`]),
      ...(request.format === "mp4" ? [] : [`It always writes MP4, this job wrote ${request.format.toUpperCase()}.`]),
      ...(request.quality === 90 ? [] : [`It has no field for the quality: 90 there, ${request.quality} here.`]),
    ],
  };
}

type RunwareTask = {
  outputFormat?: "WEBM" | "MOV";
  outputQuality?: number;
  upres: { targetResolution?: Box; scale?: number; tier?: Tier; preset?: Preset; fidelity?: "medium"; fps?: 30 | 60 };
};

type OwnRate = Exclude<FrameRate, "keep">;

/** A rate in words and as the command takes it. */
export function rateText(fps: OwnRate): string {
  return typeof fps === "number" ? String(fps) : `${fps.num}/${fps.den}`;
}

/** The fields of an `upscale` task; what the model has no field for goes into the extension `upres`. */
export function sayForRunware(job: JobFacts): Said<RunwareTask> {
  const { request } = job;
  const box = boxOf(job);
  const scale = request.target.kind === "scale" ? request.target.factor : undefined;
  const format = request.format === "webm" ? "WEBM" : request.format === "mov" ? "MOV" : undefined;
  return {
    body: {
      ...(format !== undefined && { outputFormat: format }),
      ...(request.quality !== 95 && { outputQuality: request.quality }),
      upres: {
        ...(scale !== undefined && { scale }),
        ...(scale === undefined && box !== undefined && { targetResolution: box }),
        tier: request.tier,
        ...(request.preset !== "general" && { preset: request.preset }),
        ...(request.fidelity === "medium" && { fidelity: request.fidelity }),
        ...((request.fps === 30 || request.fps === 60) && { fps: request.fps }),
      },
    },
    differences: [
      ...(scale === undefined && box === undefined
        ? ["Without a size it takes the server's setting, UPRES_RUNWARE_TARGET."]
        : []),
      ...(request.fps === "keep" || request.fps === 30 || request.fps === 60
        ? []
        : [`It takes 30 and 60 frames a second, not ${rateText(request.fps)}.`]),
    ],
  };
}

/** What a service that takes a video and nothing else does differently. */
export function fixedDifferences({ request }: JobFacts, size: string): readonly string[] {
  const { tier, preset, fidelity, fps, format, quality } = request;
  const others = [
    ...(tier === "standard" ? [] : ["tier"]),
    ...(preset === "general" ? [] : ["preset"]),
    ...(fidelity === "high" ? [] : ["fidelity"]),
    ...(fps === "keep" ? [] : ["frame rate"]),
    ...(format === "mp4" ? [] : ["file format"]),
    ...(quality === 90 ? [] : ["quality"]),
  ];
  return [
    size,
    ...(others.length === 0 ? [] : [`This job's ${listed(others)} cannot be said there: it works with the standard settings.`]),
  ];
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

type NativeBody = {
  to?: Box;
  scale?: number;
  tier: Tier;
  preset?: Preset;
  fps?: OwnRate;
  fidelity?: "medium";
  format?: "webm" | "mov";
  quality?: number;
};

/** The fields of POST /api/jobs, beside the source. */
export function sayForNative({ request }: JobFacts): Said<NativeBody> {
  const { target, tier, preset, fps, fidelity, format, quality } = request;
  const isForeign = target.kind === "scale_within" || target.kind === "doubled";
  return {
    body: {
      ...(target.kind === "box" && { to: target.box }),
      ...(target.kind === "scale" && { scale: target.factor }),
      ...(target.kind === "scale_within" && { scale: target.factor }),
      ...(target.kind === "doubled" && { to: "4k" as const }),
      tier,
      ...(preset !== "general" && { preset }),
      ...(fps !== "keep" && { fps }),
      ...(fidelity === "medium" && { fidelity }),
      ...(format !== "mp4" && { format }),
      ...(quality !== 90 && { quality }),
    },
    differences: isForeign ? ["The job's own size rule belongs to its service; this is the nearest one here."] : [],
  };
}

/** The options of the command, beside input and output. */
export function sayForCommand(job: JobFacts): Said<{ words: readonly string[]; extension: string }> {
  const { body, differences } = sayForNative(job);
  const options: readonly (readonly [string, unknown])[] = [
    ["--to", body.to],
    ["--scale", body.scale],
    ["--tier", body.tier === "standard" ? undefined : body.tier],
    ["--preset", body.preset],
    ["--fps", body.fps === undefined ? undefined : rateText(body.fps)],
    ["--fidelity", body.fidelity],
    ["--quality", body.quality],
  ];
  const words = options.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  return { body: { words, extension: job.request.format }, differences };
}
