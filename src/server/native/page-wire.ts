import { z } from "zod";
import { dialectNames } from "../../domain/job.ts";
import { boxes, containers, presets, tiers } from "../../domain/upscale-request.ts";
import { JobDocument, Picture } from "./wire.ts";

// What the page asks for beside jobs: the session, estimates, tastes, and pictures to compare.

const Micros = z.string().describe("Millionths of a US dollar.");
const Size = { width: z.int(), height: z.int() };

export const SessionDocument = z.object({
  version: z.string(),
  public_url: z.string(),
  account: z.object({ id: z.string(), name: z.string(), is_admin: z.boolean(), balance_micros: Micros.nullable() }),
  limits: z.object({ max_upload_bytes: z.int(), result_lifetime_seconds: z.number(), input_lifetime_seconds: z.number() }),
  tiers: z.array(z.enum(tiers)),
  presets: z.array(z.enum(presets)),
  boxes: z.array(z.enum(boxes)),
  containers: z.array(z.enum(containers)),
  dialects: z.array(
    z.object({
      name: z.enum(dialectNames),
      title: z.string(),
      base_url: z.string(),
      model: z.string().nullable(),
      authorization: z.enum(["Bearer", "Key"]),
    }),
  ),
});
export type SessionDocument = z.infer<typeof SessionDocument>;

/** POST /api/estimates and /api/tastes. */
export const EstimateQuestion = z.strictObject({
  upload_id: z.uuid().describe("A video that was uploaded before."),
  ...Picture.omit({ tier: true, preset: true }).shape,
  preset: z.enum(presets).optional().describe("Left out: the one that fits what was found, where there is a network for it."),
});
export type EstimateQuestion = z.infer<typeof EstimateQuestion>;

export const Playable = z.object({
  mime: z.string().describe("For a browser's `canPlayType`."),
  browsers: z.enum(["yes", "some", "no"]),
});
export type Playable = z.infer<typeof Playable>;

const Guess = { method: z.enum(["measured", "assumed"]), about: z.string() };
export const TimeEstimate = z.object({
  seconds: z.number(),
  low_seconds: z.number(),
  high_seconds: z.number(),
  ...Guess,
});
export type TimeEstimate = z.infer<typeof TimeEstimate>;
export const SizeEstimate = z.object({ bytes: z.int(), low_bytes: z.int(), high_bytes: z.int(), ...Guess });
export type SizeEstimate = z.infer<typeof SizeEstimate>;

const Problem = z.object({ code: z.string(), message: z.string() });
const Stretch = { start_seconds: z.number(), duration_seconds: z.number() };

const TierEstimate = z.discriminatedUnion("available", [
  z.object({
    tier: z.enum(tiers),
    available: z.literal(true),
    network: z.string().nullable(),
    output: z.object({ ...Size, frames: z.int(), frame_rate: z.number() }),
    segments: z.int(),
    time: TimeEstimate,
    size: SizeEstimate,
    price_micros: Micros,
    hosted_price_micros: z.record(z.string(), Micros).describe("What the same costs through each dialect."),
    decisions: z.array(z.object({ topic: z.string(), choice: z.string(), reason: z.string() })),
  }),
  z.object({ tier: z.enum(tiers), available: z.literal(false), error: Problem }),
]);
export type TierEstimate = z.infer<typeof TierEstimate>;

export const EstimateDocument = z.object({
  source: z.object({
    file_name: z.string(),
    size_bytes: z.int(),
    container: z.string(),
    duration_seconds: z.number(),
    codec: z.string(),
    ...Size,
    frames: z.int(),
    frame_rate: z.number(),
    bit_depth: z.int(),
    pixel_format: z.string(),
    hdr: z.enum(["sdr", "hdr10", "hlg"]),
    interlaced: z.boolean(),
    has_audio: z.boolean(),
    audio_tracks: z.int(),
    subtitle_tracks: z.int(),
    chapters: z.int(),
    bits_per_second: z.number().nullable(),
    playable: Playable,
  }),
  findings: z.array(z.object({ topic: z.string(), finding: z.string(), reason: z.string() })),
  proposal: z.object({ preset: z.enum(presets), reason: z.string(), available: z.boolean() }),
  used_preset: z.enum(presets),
  demanding: z.object({ ...Stretch, reason: z.string() }),
  queue: z.object({ waiting: z.int(), running: z.int() }),
  tiers: z.array(TierEstimate),
});
export type EstimateDocument = z.infer<typeof EstimateDocument>;

export const TasteDocument = z.object({
  id: z.uuid(),
  excerpt: z.object({
    upload_id: z.uuid(),
    ...Stretch,
    reason: z.string(),
    path: z.string(),
    ...Size,
    frames: z.int(),
  }),
  jobs: z.array(JobDocument),
  unavailable: z.array(z.object({ tier: z.enum(tiers), error: Problem })),
});
export type TasteDocument = z.infer<typeof TasteDocument>;

export const PictureDocument = z.object({
  path: z.string(),
  expires_at: z.iso.datetime(),
  file_name: z.string(),
  codec: z.string(),
  ...Size,
  frames: z.int(),
  frame_rate: z.number(),
  is_constant_rate: z.boolean(),
  first_seconds: z.number(),
  duration_seconds: z.number(),
  playable: Playable,
});
export type PictureDocument = z.infer<typeof PictureDocument>;

export const ViewDocument = z.object({
  job_id: z.uuid(),
  source: PictureDocument.nullable(),
  result: PictureDocument.nullable(),
});
export type ViewDocument = z.infer<typeof ViewDocument>;

export const TimesDocument = z.object({ from: z.int(), total: z.int(), seconds: z.array(z.number()) });
export type TimesDocument = z.infer<typeof TimesDocument>;

export const RemovedDocument = z.object({ id: z.uuid(), removed: z.literal(true), files: z.int() });
export type RemovedDocument = z.infer<typeof RemovedDocument>;

export const JobCountsDocument = z.object({
  queued: z.int(),
  running: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
});
export type JobCountsDocument = z.infer<typeof JobCountsDocument>;
