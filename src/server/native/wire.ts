import { z } from "zod";
import { dialectNames, type Job, jobStates } from "../../domain/job.ts";
import { boxes, containers, defaultRequest, presets, tiers, UpscaleRequest } from "../../domain/upscale-request.ts";
import { AppError } from "../../domain/errors.ts";
import { Findings, FrameRate } from "./picture-fields.ts";
import type { ResultLink } from "./result-link.ts";
import { describeSource, JobSourceDocument, TasteFacts, tasteOf } from "./job-facts.ts";
import { averageFramesPerSecond, estimateSecondsLeft } from "./seconds-left.ts";

export const Picture = z.object({
  to: z
    .enum(boxes)
    .optional()
    .describe("Short side of the output: 1080, 1440 or 2160 pixels. Left out: the next above the source."),
  scale: z.number().min(1.1).max(10).optional().describe("How many times larger, instead of `to`."),
  fps: FrameRate.default(defaultRequest.fps),
  preset: z.enum(presets).default(defaultRequest.preset).describe("What the video shows."),
  tier: z.enum(tiers).default(defaultRequest.tier).describe("Speed against quality."),
  fidelity: z.enum(["high", "medium"]).default(defaultRequest.fidelity).describe("How close to the source the result stays."),
  format: z.enum(containers).default(defaultRequest.container),
  quality: z.int().min(20).max(99).default(defaultRequest.quality).describe("20: small file, 99: nearly lossless."),
  assume: Findings.optional(),
});

const Source = {
  video_url: z
    .url({ protocol: /^https?$/ })
    .max(8192)
    .optional()
    .describe("A video to fetch over http or https."),
  upload_id: z.uuid().optional().describe("A video that was uploaded before."),
};

/** POST /api/jobs. */
export const CreateJob = z.strictObject({
  ...Source,
  ...Picture.shape,
  priority: z.enum(["normal", "low"]).default("normal"),
  start_within_seconds: z.int().min(1).max(604_800).optional().describe("A job that has not begun by then fails."),
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .max(8192)
    .optional()
    .describe("Is sent the finished job."),
});
export type CreateJob = z.infer<typeof CreateJob>;

/** POST /api/plan and /api/quote. */
export const PlanQuestion = z.strictObject({
  upload_id: z.uuid().describe("A video that was uploaded before."),
  ...Picture.shape,
});

export const JobDocument = z.object({
  id: z.uuid(),
  dialect: z.enum(dialectNames).describe("The API that it came through."),
  state: z.enum(jobStates),
  progress: z.number().min(0).max(1),
  frames_done: z.int().min(0),
  frames_total: z.int().min(0).describe("0 until the video was looked at."),
  frames_per_second: z.number().nullable().describe("On average since the start."),
  queue_position: z.int().min(0).nullable().describe("Jobs that start before this one; null once it has started."),
  seconds_left: z
    .int()
    .min(1)
    .nullable()
    .describe("A guess from the average speed since the start; null unless it runs and can be guessed."),
  request: z.object({
    target: UpscaleRequest.shape.target,
    fps: Picture.shape.fps,
    preset: Picture.shape.preset,
    tier: Picture.shape.tier,
    fidelity: Picture.shape.fidelity,
    format: Picture.shape.format,
    quality: Picture.shape.quality,
    assume: Picture.shape.assume,
  }),
  priority: z.enum(["normal", "low"]),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  finished_at: z.iso.datetime().nullable(),
  source: JobSourceDocument,
  taste: TasteFacts.nullable().describe("Of which video and stretch this shows a taste."),
  result: z
    .object({
      url: z.url(),
      path: z.string().describe("The same link below the address of the caller's choice."),
      file_name: z.string(),
      content_type: z.string(),
      size_bytes: z.int(),
      duration_seconds: z.number(),
      width: z.int(),
      height: z.int(),
      frames: z.int(),
      expires_at: z.iso.datetime(),
    })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }).nullable(),
  price_micros: z.string().describe("Held until the job ends, then what it cost."),
  is_free: z.boolean(),
});
export type JobDocument = z.infer<typeof JobDocument>;

export const JobList = z.object({
  jobs: z.array(JobDocument),
  next_before: z.iso.datetime().nullable(),
  next_cursor: z.uuid().nullable(),
});
export const LogDocument = z.object({
  lines: z.array(
    z.object({ sequence: z.int(), at: z.iso.datetime(), level: z.enum(["info", "warn", "error"]), message: z.string() }),
  ),
});
export const UploadDocument = z.object({
  id: z.uuid(),
  file_name: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  expires_at: z.iso.datetime(),
  path: z.string().optional().describe("A link to the file itself, when it was asked for."),
});

/** Throws: AppError `bad_request` when the body does not say which video, or says two sizes. */
export function toUpscaleRequest(body: z.infer<typeof Picture>): UpscaleRequest {
  if (body.to !== undefined && body.scale !== undefined) {
    throw new AppError("bad_request", "`to` and `scale` both say how large the output is; give one of them.");
  }
  return {
    target:
      body.scale !== undefined
        ? { kind: "scale", factor: body.scale }
        : body.to !== undefined
          ? { kind: "box", box: body.to }
          : defaultRequest.target,
    fps: body.fps,
    preset: body.preset,
    tier: body.tier,
    fidelity: body.fidelity,
    container: body.format,
    quality: body.quality,
    ...(body.assume !== undefined && { assume: body.assume }),
  };
}

export type JobFacts = {
  readonly queuePosition: number | undefined;
  readonly now: Date;
  readonly resultLink: ResultLink | undefined;
};

export function encodeJob(job: Job, { queuePosition, now, resultLink }: JobFacts): JobDocument {
  const { container, ...request } = job.request;
  return {
    id: job.id,
    dialect: job.dialect,
    state: job.state,
    progress: job.progress,
    frames_done: job.framesDone,
    frames_total: job.framesTotal,
    frames_per_second: averageFramesPerSecond(job, now),
    queue_position: queuePosition ?? null,
    seconds_left: estimateSecondsLeft(job, now),
    request: { ...request, format: container },
    priority: job.priority,
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
    source: describeSource(job),
    taste: tasteOf(job),
    result:
      job.result === undefined || resultLink === undefined
        ? null
        : {
            url: resultLink.url,
            path: resultLink.path,
            file_name: job.result.fileName,
            content_type: job.result.contentType,
            size_bytes: job.result.sizeBytes,
            duration_seconds: job.result.durationSeconds,
            width: job.result.width,
            height: job.result.height,
            frames: job.result.frames,
            expires_at: resultLink.expiresAt.toISOString(),
          },
    error: job.failure === undefined ? null : { ...job.failure, details: { ...job.failure.details } },
    price_micros: String(job.priceMicros),
    is_free: job.isFree,
  };
}

/** Reads what a caller sent.  Throws: AppError `bad_request` naming every wrong field. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  const told = problems.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ");
  throw new AppError("bad_request", `The request is not right: ${told}.`, { details: { problems } });
}
