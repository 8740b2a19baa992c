import { randomUUID } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import { priceMicros } from "../../domain/pricing.ts";
import { getAsset } from "./artifacts.ts";
import type { Asset } from "./assets.ts";
import { type Call, type Handler, requireOwn, type UseapiParts } from "./context.ts";
import { decodeSubmit, type SourceField, upscaleRequest } from "./decode.ts";
import { encodeCreated, encodeRunning } from "./encode-task.ts";
import { getLocalAccount } from "./local-accounts.ts";
import { ok, type Reply } from "./reply.ts";
import type { TaskData } from "./task-data.ts";
import type { SubmitBody } from "./wire.ts";

/** Starts an upscale of the asset that `sourceField` names. */
export function submitTask(sourceField: SourceField): Handler {
  return async (call, parts) => {
    const body = decodeSubmit(await call.readFields(), sourceField);
    const { accountId } = call.caller;
    requireOwn(body.id, call.caller, sourceField);
    const asset = await getAsset(accountId, body.id.uuid, parts);
    if (asset === undefined || asset.email !== body.id.email) {
      throw new AppError("input_not_found", `Unable to retrieve assetId ${body.id.uuid} (Not found.)`);
    }
    checkSource(asset, sourceField, parts.maxSeconds);
    const { email, maxJobs } = await getLocalAccount(parts.database, accountId, asset.email);
    const limit = body.maxJobs ?? maxJobs;
    try {
      return await submitJob({ body, asset, maxUnfinished: limit }, call, parts);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "too_many_jobs") throw error;
      return await busyReply({ accountId, email, limit }, parts);
    }
  };
}

/** What a container's rounding may add to a length. */
const toleranceHundredths = 1;

/** Throws: AppError `bad_request`. */
function checkSource({ facts }: Asset, sourceField: SourceField, maxSeconds: number | undefined): void {
  const { kind, durationSeconds } = facts;
  if (kind !== "video") throw new AppError("bad_request", `${sourceField} must reference a video asset, got ${kind}`);
  if (maxSeconds === undefined || Math.round(durationSeconds * 100) <= maxSeconds * 100 + toleranceHundredths) return;
  const duration = durationSeconds.toFixed(2);
  throw new AppError("bad_request", `${sourceField} duration (${duration}s) exceeds maximum ${maxSeconds}s for video upscale`);
}

type Submission = { readonly body: SubmitBody; readonly asset: Asset; readonly maxUnfinished: number };

async function submitJob({ body, asset, maxUnfinished }: Submission, call: Call, parts: UseapiParts): Promise<Reply> {
  const { caller, publicBase } = call;
  const { exploreMode, replyRef } = body;
  const { durationSeconds, width = 0, height = 0, frameRate, hasAudio } = asset.facts;
  const replyUrl = body.replyUrl ?? caller.replyUrl;
  const data: TaskData = {
    userId: caller.userId,
    email: asset.email,
    exploreMode,
    ...(replyUrl !== undefined && { replyUrl }),
    ...(replyRef !== undefined && { replyRef }),
    source: { id: asset.id, name: asset.name, frameRate, hasAudio },
    groupId: randomUUID(),
    publicBase,
  };
  const job = await parts.jobs.submit({
    accountId: caller.accountId,
    dialect: "useapi",
    request: upscaleRequest,
    source: { kind: "object", key: asset.objectKey },
    priority: exploreMode ? "low" : "normal",
    isFree: exploreMode,
    reserveMicros: exploreMode ? 0n : priceMicros("useapi", upscaleRequest, { durationSeconds, width, height }),
    group: asset.email,
    maxUnfinished,
    dialectData: data,
    ...(replyUrl !== undefined && { webhookUrl: replyUrl }),
  });
  return ok(encodeCreated(job, publicBase, parts));
}

type Busy = { readonly accountId: string; readonly email: string; readonly limit: number };

const tryAgainSeconds = 10;

async function busyReply({ accountId, email, limit }: Busy, { jobs }: UseapiParts): Promise<Reply> {
  const running = await jobs.list(accountId, { dialect: "useapi", group: email, states: ["queued", "running"] });
  const body = {
    error: `Account ${email} is busy executing ${limit} tasks`,
    runningTasks: { [email]: running.map(encodeRunning) },
    code: 429,
  };
  return { status: 429, body, headers: { "retry-after": String(tryAgainSeconds) } };
}
