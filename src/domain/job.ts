import { AppError, type ErrorCode } from "./errors.ts";
import type { UpscaleRequest } from "./upscale-request.ts";

export const jobStates = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];

/** Who submitted a job decides how its errors, prices and callbacks look. */
export const dialectNames = ["native", "fal", "runware", "runway", "useapi", "wavespeed"] as const;
export type DialectName = (typeof dialectNames)[number];

/** Where a job's video comes from: fetched by us, or already in the object store. */
export type JobSource = { readonly kind: "url"; readonly url: string } | { readonly kind: "object"; readonly key: string };

export type JobFailure = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** The delivered file. `objectKey` is in the object store; sizes in bytes and pixels. */
export type JobResult = {
  readonly objectKey: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly durationSeconds: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
};

/** What is known once a job's video was looked at: its own length, and the size that the result will get. */
export type PlannedFacts = { readonly durationSeconds: number; readonly width: number; readonly height: number };

export type Job = {
  readonly id: string;
  readonly accountId: string;
  readonly dialect: DialectName;
  readonly request: UpscaleRequest;
  readonly source: JobSource;
  readonly priority: "normal" | "low";
  readonly state: JobState;
  /** 0..1, from frames done. */
  readonly progress: number;
  readonly framesDone: number;
  /** 0 until a worker has looked at the video. */
  readonly framesTotal: number;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** A job not started by then fails with `start_timeout`. */
  readonly startDeadline: Date | undefined;
  readonly result: JobResult | undefined;
  readonly failure: JobFailure | undefined;
  /** Held when submitted, then what was charged in the end. */
  readonly priceMicros: bigint;
  /** Where the dialect's callback goes when the job ends. */
  readonly webhookUrl: string | undefined;
  /** Facts that only the dialect that took the job understands. */
  readonly dialectData: Readonly<Record<string, unknown>>;
  /** Undefined until a worker has looked at the video. */
  readonly planned: PlannedFacts | undefined;
  /** A longer video fails with `input_too_long`; undefined: any length. */
  readonly maxSourceSeconds: number | undefined;
  /** Where the result is also put, by PUT, before the job succeeds; refused there, the job fails with `upload_refused`. */
  readonly uploadUrl: string | undefined;
  /** Its price is nothing, whatever the dialect's rule says. */
  readonly isFree: boolean;
  /** What its dialect counts jobs by within the account. */
  readonly group: string | undefined;
  /** How long the result is kept, from the end of the job; undefined: the operator's setting. */
  readonly resultLifetimeSeconds: number | undefined;
};

export type JobLogLine = {
  readonly sequence: number;
  readonly at: Date;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
};

/** What moves a job from one state to another. */
export type JobTransition = "start" | "succeed" | "fail" | "cancel";

const transitions: Readonly<Record<JobState, Partial<Record<JobTransition, JobState>>>> = {
  queued: { start: "running", fail: "failed", cancel: "cancelled" },
  running: { start: "running", succeed: "succeeded", fail: "failed", cancel: "cancelled" },
  succeeded: {},
  failed: {},
  cancelled: {},
};

/** The state after a transition.  Throws: AppError `job_finished` where a finished job would change. */
export function nextState(state: JobState, transition: JobTransition): JobState {
  const next = transitions[state][transition];
  if (next !== undefined) return next;
  throw new AppError("job_finished", `The job is ${state} already.`, { details: { state, transition } });
}

export function isFinished(state: JobState): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}
