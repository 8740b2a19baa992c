import { z } from "zod";
import type { UpscaleRequest } from "../../domain/upscale-request.ts";
import { locateJsonError } from "./json-error.ts";
import { Input, Lifecycle, type Problem } from "./wire.ts";

export type DecodedInput =
  | { readonly ok: true; readonly request: UpscaleRequest; readonly videoUrl: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const fieldOrder = Object.keys(Input.shape);

/** Reads a request's body: the canonical request, or everything that is wrong with it in the order of the fields. */
export function decodeInput(text: string): DecodedInput {
  if (text.trim() === "") return refused(missingBody);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    const { offset, reason } = locateJsonError(text);
    return refused({
      loc: ["body", offset],
      msg: "JSON decode error",
      type: "json_invalid",
      input: {},
      ctx: { error: reason },
    });
  }
  return decodeBody(body);
}

const missingBody: Problem = { loc: ["body"], msg: "Field required", type: "missing", input: null };

function decodeBody(body: unknown): DecodedInput {
  if (body === null) return refused(missingBody);
  if (typeof body !== "object" || Array.isArray(body)) {
    return refused({
      loc: ["body"],
      msg: "Input should be a valid dictionary or object to extract fields from",
      type: "model_attributes_type",
      input: body,
    });
  }
  const parsed = Input.safeParse(body);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, body) };
  return { ok: true, request: toUpscaleRequest(parsed.data), videoUrl: parsed.data.video_url };
}

function refused(problem: Problem): DecodedInput {
  return { ok: false, problems: [problem] };
}

const Complaint = z.object({
  type: z.string(),
  msg: z.string(),
  ctx: z.record(z.string(), z.unknown()).optional(),
});

function problemsOf(error: z.ZodError, body: object): readonly Problem[] {
  const given = new Map<string, unknown>(Object.entries(body));
  return error.issues
    .map((issue): Problem => {
      const field = String(issue.path[0]);
      const { type, msg, ctx } = Complaint.parse("params" in issue ? issue.params : undefined);
      const input = given.has(field) ? given.get(field) : body;
      return { loc: ["body", field], msg, type, input, ...(ctx !== undefined && { ctx }) };
    })
    .toSorted((a, b) => fieldOrder.indexOf(String(a.loc[1])) - fieldOrder.indexOf(String(b.loc[1])));
}

const frameRates = { "30fps": 30, "60fps": 60 } as const;

/** A rate is a wish only where it is said: left out, where the hosted default is 30, the source keeps its own. */
function toUpscaleRequest(input: Input): UpscaleRequest {
  return {
    target:
      input.scale_ratio === undefined
        ? { kind: "box", box: input.target_resolution }
        : { kind: "scale", factor: input.scale_ratio },
    fps: input.target_fps === undefined ? "keep" : frameRates[input.target_fps],
    preset: input.enhancement_preset,
    tier: input.enhancement_tier,
    fidelity: input.fidelity,
    container: "mp4",
    quality: 90,
  };
}

export type QueueOptions = {
  readonly priority: "normal" | "low";
  readonly startTimeoutSeconds: number | undefined;
  readonly resultLifetimeSeconds: number | undefined;
  readonly maxQueueLength: number | undefined;
  readonly webhookUrl: string | undefined;
};

type Header = (name: string) => string | undefined;

/** Reads the platform's headers and query of a submit; a sentence where one cannot be obeyed. */
export function decodeQueueOptions(header: Header, query: URLSearchParams): QueueOptions | string {
  const timeout = header("x-fal-request-timeout");
  const startTimeoutSeconds = timeout === undefined ? undefined : Number(timeout.trim() || "none");
  if (startTimeoutSeconds !== undefined && !(startTimeoutSeconds > 0 && startTimeoutSeconds < 1e9)) {
    return "X-Fal-Request-Timeout must be a positive number of seconds";
  }
  const queueLength = query.get("fal_max_queue_length");
  const webhookUrl = query.get("fal_webhook");
  return {
    priority: header("x-fal-queue-priority")?.trim().toLowerCase() === "low" ? "low" : "normal",
    startTimeoutSeconds,
    resultLifetimeSeconds: decodeLifetime(header("x-fal-object-lifecycle-preference")),
    maxQueueLength: queueLength !== null && /^\d{1,9}$/.test(queueLength) ? Number(queueLength) : undefined,
    webhookUrl: webhookUrl === null || webhookUrl === "" ? undefined : webhookUrl,
  };
}

/** Seconds that a file is kept; undefined where the header says nothing that can be read. */
export function decodeLifetime(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  try {
    const parsed = Lifecycle.safeParse(JSON.parse(value));
    return parsed.success ? parsed.data.expiration_duration_seconds : undefined;
  } catch {
    return undefined; // not JSON
  }
}

/** Whether a status call wants the log; both clients' spellings. */
export function decodeLogs(query: URLSearchParams): boolean {
  return ["1", "true"].includes(query.get("logs")?.toLowerCase() ?? "");
}
