import { randomUUID } from "node:crypto";
import { errorFacts } from "../../core/logger.ts";
import { AppError } from "../../domain/errors.ts";
import { isFinished, type Job, type JobSource } from "../../domain/job.ts";
import { rememberAborted, type SubmitCall, submitCall, takeAborted } from "./aborted-submits.ts";
import { readBody } from "./body.ts";
import { type Call, takesHttp, type WavespeedParts } from "./context.ts";
import { type DecodedSubmit, decodeSubmit, upscaleRequest } from "./decode.ts";
import type { DialectData } from "./dialect-data.ts";
import { stillProcessing, toPrediction } from "./encode.ts";
import { durationToleranceSeconds, minimumMicros } from "./names.ts";
import { refuseWhileClosing } from "./closing.ts";
import { success, type WavespeedReply } from "./reply.ts";

/** Makes a job without looking at its video, and in sync mode waits for its end.
 *  Throws: AppError `bad_request`, `provider_unavailable` while closing, and what `jobs.submit` throws. */
export async function submit({ request, accountId, parts }: Call): Promise<WavespeedReply> {
  refuseWhileClosing(parts);
  const text = await readBody(request.body);
  const decoded = decodeSubmit(text, request.query, { takesHttp: takesHttp(parts) });
  const call = submitCall(accountId, text, request.query);
  const job = await submitOnce({ decoded, call, publicBase: request.publicBase, disconnected: request.disconnected }, parts);
  if (!decoded.isSync) return success(toPrediction(job, request.publicBase, parts));
  const { job: last, waitedSeconds } = await waitForEnd(job, request.disconnected, parts);
  const prediction = toPrediction(last, request.publicBase, parts);
  return success(isFinished(last.state) ? prediction : stillProcessing(prediction, waitedSeconds));
}

type Submission = {
  readonly decoded: DecodedSubmit;
  readonly call: SubmitCall;
  readonly publicBase: string;
  readonly disconnected: AbortSignal;
};

/** The job of a submit, or of the same one whose caller went away a moment ago. */
async function submitOnce(submission: Submission, parts: WavespeedParts): Promise<Job> {
  const { call, disconnected } = submission;
  const known = await takeAborted(parts.database, call, parts.clock.now());
  const idempotencyKey = known ?? randomUUID();
  rememberWhenAborted(disconnected, { call, idempotencyKey }, parts);
  const job = await makeJob(submission, idempotencyKey, parts);
  // One that was deleted meanwhile is not given out again.
  if (known === undefined || (await parts.jobs.get(call.accountId, job.id)) !== undefined) return job;
  return await makeJob(submission, randomUUID(), parts);
}

type Aborted = { readonly call: SubmitCall; readonly idempotencyKey: string };

function rememberWhenAborted(disconnected: AbortSignal, { call, idempotencyKey }: Aborted, parts: WavespeedParts): void {
  const { database, clock, logger } = parts;
  const remember = (): void => {
    rememberAborted(database, call, { idempotencyKey, now: clock.now() }).catch((error: unknown) =>
      logger.error("aborted submit not remembered", { dialect: "wavespeed", ...errorFacts(error) }),
    );
  };
  if (disconnected.aborted) remember();
  else disconnected.addEventListener("abort", remember, { once: true });
}

async function makeJob({ decoded, call, publicBase }: Submission, idempotencyKey: string, parts: WavespeedParts): Promise<Job> {
  const { source, isPlainHttp } = sourceOf(decoded.video, parts);
  const dialectData: DialectData = { input: decoded.input, publicBase, ...(isPlainHttp && { isPlainHttp }) };
  return await parts.jobs.submit({
    accountId: call.accountId,
    dialect: "wavespeed",
    request: upscaleRequest,
    source,
    dialectData,
    reserveMicros: minimumMicros,
    idempotencyKey,
    ...(decoded.webhookUrl !== undefined && { webhookUrl: decoded.webhookUrl }),
    ...(parts.maxSeconds !== undefined && { maxSourceSeconds: parts.maxSeconds + durationToleranceSeconds }),
  });
}

/** An address that no worker can fetch: the job fails of it, as it does of any other that leads nowhere. */
const nowhere: JobSource = { kind: "url", url: "" };

/** Files of our own by their key; everything else by its address, which is fetched when the job runs. */
function sourceOf(video: URL, parts: WavespeedParts): { readonly source: JobSource; readonly isPlainHttp: boolean } {
  const key = ownKey(video, parts);
  if (key !== undefined) return { source: { kind: "object", key }, isPlainHttp: false };
  if (video.protocol === "http:" && !takesHttp(parts)) return { source: nowhere, isPlainHttp: true };
  return { source: { kind: "url", url: video.href }, isPlainHttp: false };
}

/** Undefined also for a link of ours that has expired: the job fails of that when it runs. */
export function ownKey(video: URL, { ownUrlToKey }: Pick<WavespeedParts, "ownUrlToKey">): string | undefined {
  try {
    return ownUrlToKey(video);
  } catch (error) {
    if (error instanceof AppError && error.code === "object_not_found") return undefined;
    throw error;
  }
}

type Waited = { readonly job: Job; readonly waitedSeconds: number };

/** The job once it has ended, or as it is when the wait is over, the caller leaves or the server closes.
 *  Throws: AppError `job_not_found` when it was deleted meanwhile. */
async function waitForEnd(job: Job, disconnected: AbortSignal, parts: WavespeedParts): Promise<Waited> {
  const { jobs, clock, closing, syncSeconds } = parts;
  const startMs = clock.now().getTime();
  const timeUp = new AbortController();
  const answered = new AbortController();
  void clock.sleep(syncSeconds * 1000, answered.signal).then(() => timeUp.abort());
  try {
    for await (const event of jobs.watch(job.id, AbortSignal.any([timeUp.signal, disconnected, closing]))) {
      if (event.type === "state" && isFinished(event.job.state)) break;
    }
  } finally {
    answered.abort();
  }
  const last = await jobs.get(job.accountId, job.id);
  if (last === undefined) throw new AppError("job_not_found", "The prediction was deleted.");
  const waitedMs = Math.min(clock.now().getTime() - startMs, syncSeconds * 1000);
  return { job: last, waitedSeconds: Math.round(waitedMs / 1000) };
}
