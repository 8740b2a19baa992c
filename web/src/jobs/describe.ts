import type { DialectName, FrameRate, Job, JobState, Preset, Target } from "../api/types.ts";

export const stateWords: Readonly<Record<JobState, string>> = {
  queued: "Waiting",
  running: "Running",
  succeeded: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const presetWords: Readonly<Record<Preset, { name: string; about: string }>> = {
  general: { name: "General", about: "Any video; the safe choice" },
  ugc: { name: "Phone & web", about: "Compressed, noisy, shot by hand" },
  short_series: { name: "Short series", about: "Faces and burnt-in subtitles" },
  aigc: { name: "Generated", about: "Made by a model: flicker, odd rates" },
  old_film: { name: "Old film", about: "Dirt, scratches, flicker, fading" },
};

export const dialectWords: Readonly<Record<DialectName, string>> = {
  native: "Native",
  fal: "fal",
  runware: "Runware",
  runway: "Runway",
  useapi: "useapi.net",
  wavespeed: "WaveSpeed",
};

export function targetWords(target: Target): string {
  switch (target.kind) {
    case "box":
      return target.box;
    case "next_box":
      return "next size";
    case "scale":
      return `${target.factor}×`;
    case "scale_within":
      return `up to ${target.factor}×`;
    case "doubled":
      return "4k, doubled";
  }
}

/** What tells one result of a source from another. */
export function describeRequest({ request, result }: Pick<Job, "request" | "result">): string {
  const size = result === null ? targetWords(request.target) : `${result.width} × ${result.height}`;
  const extras = [
    ...(request.preset === "general" ? [] : [presetWords[request.preset].name]),
    ...(request.fps === "keep" ? [] : [rateWords(request.fps)]),
    ...(request.format === "mp4" ? [] : [request.format]),
  ];
  return [capitalised(request.tier), size, ...extras].join(" · ");
}

export function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

export function isActive(state: JobState): boolean {
  return state === "queued" || state === "running";
}

export function rateWords(fps: FrameRate): string {
  if (fps === "keep") return "as the source";
  return typeof fps === "number" ? `${fps} fps` : `${fps.num}/${fps.den} fps`;
}
