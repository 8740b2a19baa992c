import { z } from "zod";

/** One entry of a 422's `detail`. `url` points at the service's own types only. */
export const Problem = z.object({
  loc: z.array(z.union([z.string(), z.number()])),
  msg: z.string(),
  type: z.string(),
  input: z.unknown().optional(),
  ctx: z.record(z.string(), z.unknown()).optional(),
  url: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What is wrong with one field, before it is known where the field stands. */
type Complaint = Pick<Problem, "type" | "msg" | "ctx">;

function literal<const Values extends readonly [string, ...string[]], Default extends Values[number] | undefined>(
  values: Values,
  byDefault: Default,
) {
  const quoted = values.map((value) => `'${value}'`);
  const expected = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1) ?? ""}`;
  return z
    .unknown()
    .optional()
    .transform((value, context): Values[number] | Default => {
      if (value === undefined) return byDefault;
      const found = values.find((candidate) => candidate === value);
      if (found !== undefined) return found;
      complain(context, { type: "literal_error", msg: `Input should be ${expected}`, ctx: { expected } });
      return z.NEVER;
    });
}

function complain(context: z.core.$RefinementCtx, complaint: Complaint): void {
  context.addIssue({ code: "custom", message: complaint.msg, params: complaint });
}

const videoUrl = z
  .unknown()
  .optional()
  .transform((value, context): string => {
    if (typeof value === "string") return value;
    complain(
      context,
      value === undefined
        ? { type: "missing", msg: "Field required" }
        : { type: "string_type", msg: "Input should be a valid string" },
    );
    return z.NEVER;
  });

const scaleRatio = z
  .unknown()
  .optional()
  .transform((value, context): number | undefined => {
    if (value === undefined || value === null) return undefined;
    const number = toNumber(value);
    const complaint = complaintAboutRatio(value, number);
    if (complaint === undefined) return number;
    complain(context, complaint);
    return z.NEVER;
  });

/** What the hosted service takes for a number; undefined: not one. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") return undefined;
  const text = value.trim().replace(/(?<=\d)_(?=\d)/g, "");
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?nan$/i.test(text) ? Number.NaN : undefined;
}

function complaintAboutRatio(value: unknown, number: number | undefined): Complaint | undefined {
  if (number === undefined) {
    return typeof value === "string"
      ? { type: "float_parsing", msg: "Input should be a valid number, unable to parse string as a number" }
      : { type: "float_type", msg: "Input should be a valid number" };
  }
  // Not a number is not above the minimum either.
  if (!(number >= 1.1)) {
    return { type: "greater_than_equal", msg: "Input should be greater than or equal to 1.1", ctx: { ge: 1.1 } };
  }
  return number <= 10 ? undefined : { type: "less_than_equal", msg: "Input should be less than or equal to 10", ctx: { le: 10 } };
}

/** The model's input; keys that are not named here are ignored. */
export const Input = z.object({
  video_url: videoUrl,
  target_resolution: literal(["1080p", "2k", "4k"], "1080p"),
  target_fps: literal(["30fps", "60fps"], undefined),
  enhancement_preset: literal(["general", "ugc", "short_series", "aigc", "old_film"], "general"),
  enhancement_tier: literal(["fast", "standard", "pro"], "standard"),
  scale_ratio: scaleRatio,
  fidelity: literal(["high", "medium"], "high"),
});
export type Input = z.infer<typeof Input>;

export const Lifecycle = z.object({ expiration_duration_seconds: z.number().positive().max(1e10) });

/** Bodies of the upload routes. */
export const InitiateUpload = z.object({
  content_type: z.string().default("application/octet-stream"),
  file_name: z.string().optional(),
});
export const CompleteUpload = z.object({
  parts: z.array(z.object({ partNumber: z.int().min(1).max(10_000), etag: z.string() })).min(1),
});

export type File = {
  readonly url: string;
  readonly content_type: string;
  readonly file_name: string;
  readonly file_size: number;
};
export type Output = { readonly video: File; readonly duration: number };

export type LogEntry = { readonly message: string; readonly level: string; readonly source: "USER"; readonly timestamp: string };

export type StatusBody = {
  readonly status: "IN_QUEUE" | "IN_PROGRESS" | "COMPLETED";
  readonly request_id: string;
  readonly response_url: string;
  readonly status_url: string;
  readonly cancel_url: string;
  readonly queue_position?: number;
  readonly logs?: readonly LogEntry[] | null;
  readonly metrics?: { readonly inference_time: number };
  readonly error?: string;
  readonly error_type?: string;
};
