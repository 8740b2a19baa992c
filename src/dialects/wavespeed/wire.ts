import { z } from "zod";

const maxUrlLength = 16_384;
export const maxWebhookLength = 4096;

/** A schema's messages for one property that is required: missing, or not what it should be. */
function wrong(name: string, expected: string) {
  return ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? `property "${name}" is missing` : `property "${name}" must be ${expected}`;
}

function text(name: string) {
  const error = wrong(name, "a non-empty string");
  return z.string({ error }).min(1, { error, abort: true });
}

function isWebAddress(value: string): boolean {
  if (value.length > maxUrlLength) return false;
  const url = URL.parse(value);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

/** Properties that are not named here are ignored. */
export const Submit = z.object({
  video: text("video").refine(isWebAddress, 'property "video" must be a URL'),
  enable_sync_mode: z.boolean({ error: wrong("enable_sync_mode", "a boolean") }).nullish(),
  webhook_url: z.string({ error: "invalid webhook url" }).max(maxWebhookLength, "invalid webhook url").nullish(),
});
export type Submit = z.infer<typeof Submit>;

const sizeError = wrong("size", "a positive integer");
const typeError = wrong("content_type", "a media type");

export const UploadTicket = z.object({
  filename: text("filename").max(1024, 'property "filename" is too long'),
  size: z.int({ error: sizeError }).min(1, { error: sizeError }),
  content_type: z
    .string({ error: typeError })
    .regex(/^[\w.+-]{1,60}\/[\w.+-]{1,80}$/, { error: typeError })
    .nullish(),
});
export type UploadTicket = z.infer<typeof UploadTicket>;

function count(name: string, { byDefault, most }: { readonly byDefault: number; readonly most: number }) {
  const error = `property "${name}" must be an integer from 1 to ${most}`;
  return z
    .int({ error })
    .min(1, { error })
    .max(most, { error })
    .nullish()
    .transform((value) => value ?? byDefault);
}

/** ISO 8601 within the years that a database takes; empty: not given. */
function time(name: string) {
  const error = `property "${name}" must be an ISO 8601 time`;
  return z
    .string({ error })
    .max(64, { error })
    .refine((value) => value === "" || /^\d{4}-\d\d(?!\d)/.test(value), { error, abort: true })
    .refine((value) => value === "" || isCommonYear(toDate(value)), { error })
    .nullish()
    .transform((value) => (value === "" || value === undefined || value === null ? undefined : toDate(value)));
}

/** Without an offset it is UTC. */
function toDate(value: string): Date {
  return new Date(/T.*\d$/i.test(value) && !/[+-]\d\d:?\d\d$/.test(value) ? `${value}Z` : value);
}

function isCommonYear(date: Date): boolean {
  return date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;
}

function filter(name: string) {
  const error = `property "${name}" must be a string`;
  return z
    .string({ error })
    .nullish()
    .transform((value) => (value === null || value === "" ? undefined : value));
}

export const History = z.object({
  page: count("page", { byDefault: 1, most: 1_000_000 }),
  page_size: count("page_size", { byDefault: 20, most: 100 }),
  created_after: time("created_after"),
  created_before: time("created_before"),
  include_inputs: z
    .boolean({ error: 'property "include_inputs" must be a boolean' })
    .nullish()
    .transform((value) => value === true),
  model: filter("model"),
  status: filter("status"),
});
export type History = z.infer<typeof History>;

const idsError = wrong("ids", "a list of at most 100 strings");
export const Delete = z.object({
  ids: z.array(z.string({ error: idsError }), { error: idsError }).max(100, { error: idsError }),
});

export const Quote = z.object({
  model_id: text("model_id"),
  inputs: z
    .object({ video: z.unknown().optional() }, { error: 'property "inputs" must be an object' })
    .nullish()
    .transform((value) => (typeof value?.video === "string" ? value.video : undefined)),
});

/** A task's state and result. */
export type Prediction = {
  readonly id: string;
  readonly model: string;
  readonly outputs: readonly string[];
  readonly urls: { readonly get: string };
  readonly has_nsfw_contents: readonly boolean[];
  readonly status: "created" | "processing" | "completed" | "failed";
  readonly created_at: string;
  /** Empty unless failed. */
  readonly error: string;
  /** Left out when there is none. */
  readonly code?: number;
  /** Milliseconds, as in `timings`. */
  readonly executionTime: number;
  readonly timings: { readonly inference: number };
};
