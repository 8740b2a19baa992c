import { expect } from "vitest";
import type { CreditKind } from "../../src/accounts/credit-ledger.ts";
import type { JobState } from "../../src/domain/job.ts";
import {
  type Answer,
  type DialectCaller,
  falCaller,
  runwareCaller,
  runwayCaller,
  useapiCaller,
  wavespeedCaller,
} from "./dialect-callers.ts";
import { resultBytes } from "./job-driver.ts";

/** Length of the video that the figures below are for. */
export const clipSeconds = 2;

/** What is behind an answer, as the service keeps it. */
export type Facts = {
  /** Undefined: there is none, or it was removed. */
  readonly job: { readonly state: JobState; readonly failureCode: string | undefined; readonly priceMicros: bigint } | undefined;
  readonly spentMicros: bigint;
  readonly entries: readonly CreditKind[];
  /** Objects in the store beside results: the caller's videos. */
  readonly sources: number;
  readonly results: number;
};

export type Dialect = {
  readonly create: (base: string, key: string) => DialectCaller;
  /** Of the clip's two seconds. */
  readonly priceMicros: bigint;
  /** Held before anybody has looked at the video. */
  readonly heldMicros: bigint;
  /** The account after one job has been paid, where the dialect tells. */
  readonly balance?: unknown;
  readonly success: { readonly submitted: unknown; readonly read: unknown; readonly told?: unknown; readonly sources: number };
  readonly badInput: {
    readonly changes: Readonly<Record<string, unknown>>;
    readonly answer: Answer;
    readonly read?: Answer;
    readonly facts: Facts;
    readonly callbacks?: readonly unknown[];
  };
  readonly stopped: {
    /** Undefined: the dialect has no word for it. */
    readonly answer: Answer | undefined;
    readonly read: Answer;
    /** The job is gone altogether. */
    readonly isForgotten: boolean;
    readonly sources: number;
    readonly told?: unknown;
  };
  readonly outOfCredits: Answer & { readonly sources: number };
  readonly notVideo: { readonly submitted?: Answer; readonly read?: Answer; readonly told?: unknown; readonly sources: number };
};

const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/(?:fal\/cdn\/)?files\//) as unknown;
export const text = expect.stringMatching(/./) as unknown;
export const including = (value: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(value) as unknown;
export const docUrl = "https://docs.dev.runwayml.com/api";

export function factsOfRefusal(sources: number): Facts {
  return { job: undefined, spentMicros: 0n, entries: ["grant"], sources, results: 0 };
}

/** What callers of each dialect are answered, and what it costs them. */
export const dialects: Readonly<Record<string, Dialect>> = {
  fal: {
    create: falCaller,
    priceMicros: 14_400n,
    heldMicros: 72_000n,
    success: {
      submitted: including({ status: "IN_QUEUE" }),
      read: { video: { url, content_type: "video/mp4", file_name: text, file_size: resultBytes.length }, duration: clipSeconds },
      told: including({ status: "OK", error: null, payload: including({ duration: clipSeconds }) }),
      sources: 0,
    },
    badInput: {
      changes: { target_resolution: "8k" },
      answer: { status: 200, body: including({ status: "IN_QUEUE" }) },
      read: { status: 422, body: { detail: [including({ loc: ["body", "target_resolution"], type: "literal_error" })] } },
      facts: factsOfRefusal(0),
      callbacks: [including({ status: "ERROR", payload: { detail: [including({ type: "literal_error" })] } })],
    },
    stopped: {
      answer: { status: 202, body: { status: "CANCELLATION_REQUESTED" } },
      read: { status: 499, body: including({ error_type: "client_cancelled" }) },
      isForgotten: false,
      sources: 0,
      told: including({ status: "ERROR", payload: including({ error_type: "client_cancelled" }) }),
    },
    outOfCredits: { status: 403, body: { detail: "User is locked. Reason: Exhausted balance." }, sources: 0 },
    notVideo: {
      read: { status: 422, body: { detail: [including({ type: "unsupported_video_format", loc: ["body", "video_url"] })] } },
      told: including({ status: "ERROR" }),
      sources: 0,
    },
  },
  runware: {
    create: runwareCaller,
    priceMicros: 10_000n,
    heldMicros: 50_000n,
    success: {
      submitted: { data: [{ taskType: "upscale", taskUUID: text }] },
      read: { data: [including({ status: "success", videoURL: url, cost: 0.01 })] },
      told: including({ taskType: "upscale", status: "success", cost: 0.01 }),
      sources: 0,
    },
    badInput: {
      changes: { outputQuality: 5 },
      answer: {
        status: 400,
        body: { data: [], errors: [including({ code: "invalidOutputQuality", parameter: "outputQuality", min: 20, max: 99 })] },
      },
      facts: factsOfRefusal(0),
      callbacks: [],
    },
    stopped: {
      answer: undefined,
      read: { status: 200, body: { data: [], errors: [including({ code: "taskFailed", status: "error" })] } },
      isForgotten: false,
      sources: 0,
      told: including({ status: "error", error: including({ code: "taskFailed" }) }),
    },
    outOfCredits: { status: 402, body: { data: [], errors: [including({ code: "insufficientCredits" })] }, sources: 0 },
    notVideo: {
      read: {
        status: 200,
        body: { data: [], errors: [including({ code: "invalidInputsVideo", parameter: "inputs.video" })] },
      },
      told: including({ status: "error", error: including({ code: "invalidInputsVideo" }) }),
      sources: 0,
    },
  },
  runway: {
    create: runwayCaller,
    priceMicros: 40_000n,
    heldMicros: 40_000n,
    balance: including({ creditBalance: 996 }),
    success: {
      submitted: { id: text, estimatedCost: { credits: 4 } },
      read: including({ status: "SUCCEEDED", output: [url], cost: { credits: 4 } }),
      sources: 1,
    },
    badInput: {
      changes: { model: "upscale_v9" },
      answer: {
        status: 400,
        body: { error: "Validation of body failed", issues: [including({ path: ["model"], code: "invalid_value" })], docUrl },
      },
      facts: factsOfRefusal(0),
    },
    stopped: {
      answer: { status: 204, body: undefined },
      read: { status: 404, body: { error: "Could not find Task" } },
      isForgotten: true,
      sources: 0,
    },
    outOfCredits: { status: 400, body: { error: "You do not have enough credits to run this task.", docUrl }, sources: 0 },
    notVideo: {
      submitted: {
        status: 400,
        body: including({ issues: [{ code: "custom", path: ["videoUri"], message: "Failed to fetch video metadata" }] }),
      },
      sources: 0,
    },
  },
  useapi: {
    create: useapiCaller,
    priceMicros: 40_000n,
    heldMicros: 40_000n,
    balance: { permitted: including({ numPlanCredits: 1000 }), used: { numPlanCredits: 4 } },
    success: {
      submitted: including({ status: "THROTTLED", error: null, artifacts: [], code: 200 }),
      read: including({ status: "SUCCEEDED", progressRatio: "1", artifacts: [including({ url, filename: "clip 4K.mp4" })] }),
      told: including({ status: "SUCCEEDED", progressRatio: "1" }),
      sources: 1,
    },
    badInput: {
      changes: { maxJobs: 99 },
      answer: { status: 400, body: { error: "Parameter maxJobs valid range 1...10", code: 400 } },
      facts: factsOfRefusal(1),
      callbacks: [],
    },
    stopped: {
      answer: { status: 204, body: undefined },
      read: { status: 200, body: including({ status: "CANCELLED", artifacts: [] }) },
      isForgotten: false,
      sources: 1,
      told: including({ status: "CANCELLED" }),
    },
    outOfCredits: { status: 412, body: { error: "You do not have enough credits to run this task." }, sources: 1 },
    notVideo: {
      submitted: { status: 400, body: { error: "videoAssetId must reference a video asset, got audio", code: 400 } },
      sources: 1,
    },
  },
  wavespeed: {
    create: wavespeedCaller,
    priceMicros: 100_000n,
    heldMicros: 100_000n,
    balance: { code: 200, message: "success", data: including({ balance: 9.9 }) },
    success: {
      submitted: including({ code: 200, data: including({ status: "created", outputs: [] }) }),
      read: including({ data: including({ status: "completed", outputs: [url], error: "" }) }),
      told: including({ status: "completed", input: including({ video: text }) }),
      sources: 0,
    },
    badInput: {
      changes: { video: 5 },
      answer: { status: 400, body: { code: 400, message: 'property "video" must be a non-empty string' } },
      facts: factsOfRefusal(0),
      callbacks: [],
    },
    stopped: {
      answer: { status: 200, body: { code: 200, message: "success", data: { deleted_count: 1 } } },
      read: { status: 404, body: { code: 404, message: "prediction not found" } },
      isForgotten: true,
      sources: 0,
      told: including({ status: "failed", code: 1405 }),
    },
    outOfCredits: { status: 402, body: { code: 402, message: "insufficient balance" }, sources: 0 },
    notVideo: {
      read: { status: 200, body: including({ data: including({ status: "failed", code: 1401 }) }) },
      told: including({ status: "failed", code: 1401 }),
      sources: 0,
    },
  },
};
