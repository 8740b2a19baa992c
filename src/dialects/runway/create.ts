import { AppError } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import { runwayCreditMicros, runwayCredits } from "../../domain/pricing.ts";
import { readText } from "../read-text.ts";
import { header, type RunwayCall, type RunwayContext } from "./context.ts";
import type { DailyLimit } from "./daily-limit.ts";
import { decodeCreate, upscaleRequest } from "./decode.ts";
import type { DialectData } from "./dialect-data.ts";
import { createdBody } from "./encode.ts";
import { dailyLimitReached, invalidBody, outOfCredits, switchedOff, tooLarge, validationError } from "./errors.ts";
import { json, type RunwayReply } from "./reply.ts";
import { dropSource, takeSource, type TakenSource } from "./source.ts";
import type { Outcome, Submits } from "./submits.ts";
import type { VideoUri } from "./video-uri.ts";

/** What a body may hold beside a data URI. */
const restOfBodyBytes = 64 * 1024;

export type CreateParts = { readonly context: RunwayContext; readonly submits: Submits; readonly dailyLimit: DailyLimit };

/** Makes a task, once the video was fetched and looked at. */
export async function createTask(call: RunwayCall, parts: CreateParts): Promise<RunwayReply> {
  const { context, submits } = parts;
  const text = await readText(call.body, context.limits.maxDataUriCharacters + restOfBodyBytes);
  if (text === undefined) return tooLarge;
  const decoded = decodeCreate(text, context);
  if (!decoded.ok) return invalidBody(decoded.problem);
  if (context.isSwitchedOff === true) return switchedOff;
  const isRepeated = Number(header(call, "x-stainless-retry-count") ?? 0) > 0;
  const { accountId } = call;
  const outcome = await submits.once({ accountId, text, isRepeated }, (idempotencyKey) =>
    submit({ uri: decoded.value, accountId, idempotencyKey }, parts),
  );
  return outcome.kind === "refused" ? outcome.reply : json(200, createdBody(outcome.job));
}

type Submission = { readonly uri: VideoUri; readonly accountId: string; readonly idempotencyKey: string };

async function submit(submission: Submission, parts: CreateParts): Promise<Outcome> {
  const { context } = parts;
  const source = await takeSource(submission.uri, submission.accountId, context);
  if ("code" in source) return { kind: "refused", reply: validationError([source]) };
  let outcome: Outcome | undefined;
  try {
    outcome = await submitSource(source, submission, parts);
    return outcome;
  } finally {
    const isUsed = outcome?.kind === "job" && outcome.job.source.kind === "object" && outcome.job.source.key === source.key;
    if (!isUsed) await dropSource(source, context);
  }
}

async function submitSource(
  source: TakenSource,
  { accountId, idempotencyKey }: Submission,
  { context, dailyLimit }: CreateParts,
): Promise<Outcome> {
  const { jobs, maxSeconds } = context;
  const reserveMicros = runwayCredits(source.durationSeconds) * runwayCreditMicros;
  const dialectData: DialectData = { ownsSource: source.isOwned };
  const submitJob = (): Promise<Job> =>
    jobs.submit({
      accountId,
      dialect: "runway",
      request: upscaleRequest,
      source: { kind: "object", key: source.key },
      dialectData,
      reserveMicros,
      idempotencyKey,
      // As it was measured; a hundredth of a second is a container's rounding.
      ...(maxSeconds !== undefined && { maxSourceSeconds: maxSeconds + 0.01 }),
    });
  // Credits are asked first: who is out of both hears of credits. A task that was made under this key already has its own.
  const { balanceMicros } = await context.accountFacts(accountId);
  const isShort = balanceMicros !== undefined && balanceMicros < reserveMicros;
  try {
    const job = await (isShort ? submitJob() : dailyLimit.within(accountId, submitJob));
    return "waitSeconds" in job ? { kind: "refused", reply: dailyLimitReached(job.waitSeconds) } : { kind: "job", job };
  } catch (error) {
    if (error instanceof AppError && error.code === "credits_exhausted") return { kind: "refused", reply: outOfCredits };
    throw error;
  }
}
