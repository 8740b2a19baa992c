import { AppError } from "../../domain/errors.ts";
import type { Job, JobState } from "../../domain/job.ts";
import type { JobFilter } from "../../jobs/job-service.ts";
import { parseJson, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { jobIdOf } from "./decode.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { toPrediction } from "./encode.ts";
import { modelId } from "./names.ts";
import { success, type WavespeedReply } from "./reply.ts";
import { Delete, History, type Prediction } from "./wire.ts";

/** Throws: AppError `job_not_found`. */
export async function readPrediction({ request, accountId, parts }: Call, predictionId: string): Promise<WavespeedReply> {
  const job = await find(predictionId, accountId, parts);
  if (job === undefined) throw new AppError("job_not_found", "There is no such prediction.");
  return success(toPrediction(job, request.publicBase, parts));
}

async function find(predictionId: string, accountId: string, { jobs }: Call["parts"]): Promise<Job | undefined> {
  const id = jobIdOf(predictionId);
  const job = id === undefined ? undefined : await jobs.get(accountId, id);
  return job?.dialect === "wavespeed" ? job : undefined;
}

const statesOf: Readonly<Record<string, readonly JobState[] | undefined>> = {
  created: ["queued"],
  pending: ["queued"],
  processing: ["running"],
  completed: ["succeeded"],
  failed: ["failed", "cancelled"],
} satisfies Readonly<Record<Prediction["status"] | "pending", readonly JobState[]>>;

/** The newest first. */
export async function listPredictions({ request, accountId, parts }: Call): Promise<WavespeedReply> {
  const text = await readBody(request.body);
  const wanted = parseJson(text === "" ? "{}" : text, History);
  const { page, page_size: pageSize, created_after: createdAfter, created_before: createdBefore, model, status } = wanted;
  const states = status === undefined ? undefined : Object.hasOwn(statesOf, status) ? statesOf[status] : [];
  if (states?.length === 0 || (model !== undefined && model !== modelId)) return success({ page, total: 0, items: [] });
  const filter: JobFilter = {
    dialect: "wavespeed",
    ...(states !== undefined && { states }),
    ...(createdAfter !== undefined && { createdAfter }),
    ...(createdBefore !== undefined && { createdBefore }),
  };
  const jobs = await parts.jobs.list(accountId, { ...filter, limit: pageSize, offset: (page - 1) * pageSize });
  const items = jobs.map((job) => ({
    ...toPrediction(job, request.publicBase, parts),
    ...(wanted.include_inputs && { inputs: dialectDataOf(job).input }),
  }));
  return success({ page, total: await parts.jobs.count(accountId, filter), items });
}

/** Unknown and foreign ids are passed over. */
export async function deletePredictions({ request, accountId, parts }: Call): Promise<WavespeedReply> {
  const { ids } = parseJson(await readBody(request.body), Delete);
  let deletedCount = 0;
  for (const predictionId of new Set(ids)) {
    const found = await find(predictionId, accountId, parts);
    const removed = found === undefined ? undefined : await parts.jobs.remove(accountId, found.id);
    if (removed === undefined) continue;
    if (removed.result !== undefined) await parts.store.delete(removed.result.objectKey);
    deletedCount += 1;
  }
  return success({ deleted_count: deletedCount });
}
