import type { z } from "zod";
import { defaultRequest, type UpscaleRequest } from "../../domain/upscale-request.ts";
import { decodeVideoUri, type UriRules, type VideoUri } from "./video-uri.ts";
import { CreateBody, type Issue, UploadBody, UsageBody } from "./wire.ts";

export type Refused = { readonly ok: false; readonly problem: "not_json" | readonly Issue[] };
export type Decoded<Value> = { readonly ok: true; readonly value: Value } | Refused;

/** Four times the size, no side above 4096 pixels. */
export const upscaleRequest: UpscaleRequest = {
  ...defaultRequest,
  target: { kind: "scale_within", factor: 4, maxSide: 4096 },
};

/** Reads the body of a create: where the video is, or everything that is wrong. */
export function decodeCreate(text: string, rules: UriRules): Decoded<VideoUri> {
  let uri: VideoUri | undefined;
  const schema = CreateBody.extend({
    videoUri: CreateBody.shape.videoUri.superRefine((value, context) => {
      const decoded = decodeVideoUri(value, rules);
      if ("code" in decoded) context.addIssue({ code: "custom", message: decoded.message, params: { issue: decoded } });
      else uri = decoded;
    }),
  });
  const body = decodeBody(text, schema);
  if (!body.ok) return body;
  if (uri === undefined) throw new RangeError("a valid body has a URI");
  return { ok: true, value: uri };
}

export function decodeUpload(text: string): Decoded<z.infer<typeof UploadBody>> {
  return decodeBody(text, UploadBody);
}

export type DayRange = { readonly start: Date; /** Exclusive. */ readonly before: Date };

const dayMs = 86_400_000;
const longestRangeDays = 90;
const usualRangeDays = 30;

/** Reads which days are asked for; with nothing said, the last 30, today among them. */
export function decodeUsage(text: string, now: Date): Decoded<DayRange> {
  const body = decodeBody(text.trim() === "" ? "{}" : text, UsageBody);
  if (!body.ok) return body;
  const range = rangeOf(body.value, now);
  const days = (range.before.getTime() - range.start.getTime()) / dayMs;
  if (days <= 0) return refusedRange("beforeDate must be after startDate");
  if (days > longestRangeDays) return refusedRange(`The time range must be at most ${longestRangeDays} days`);
  return { ok: true, value: range };
}

function rangeOf({ startDate, beforeDate }: UsageBody, now: Date): DayRange {
  const usualMs = usualRangeDays * dayMs;
  if (startDate !== undefined) {
    const start = new Date(startDate);
    return { start, before: beforeDate === undefined ? new Date(start.getTime() + usualMs) : new Date(beforeDate) };
  }
  const tomorrow = new Date((Math.floor(now.getTime() / dayMs) + 1) * dayMs);
  const before = beforeDate === undefined ? tomorrow : new Date(beforeDate);
  return { start: new Date(before.getTime() - usualMs), before };
}

function refusedRange(message: string): Refused {
  return { ok: false, problem: [{ code: "custom", path: ["beforeDate"], message }] };
}

function decodeBody<Schema extends z.ZodType>(text: string, schema: Schema): Decoded<z.output<Schema>> {
  let body: unknown;
  try {
    body = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return { ok: false, problem: "not_json" };
  }
  const parsed = schema.safeParse(body);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, problem: parsed.error.issues.map(toIssue) };
}

function toIssue(issue: z.core.$ZodIssue): Issue {
  const own = "params" in issue ? (issue.params as { readonly issue?: Issue } | undefined)?.issue : undefined; // set above
  if (own !== undefined) return own;
  return { ...issue, path: issue.path.map((part) => (typeof part === "number" ? part : String(part))) };
}
