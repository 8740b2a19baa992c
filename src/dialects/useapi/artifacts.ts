import type { Job } from "../../domain/job.ts";
import type { UseapiParts } from "./context.ts";
import { type Asset, findAsset, findDeleted, insertAssets, markDeleted } from "./assets.ts";
import { twinOf } from "./ids.ts";
import { artifactName, expiryOf, taskDataOf } from "./task-data.ts";

// A task's result becomes an asset when somebody asks for it: until then the task itself says all there is to know.

type ArtifactParts = Pick<UseapiParts, "database" | "jobs" | "clock" | "resultLifetimeSeconds">;

/** As many of the newest as a listing can reach. */
const mostListed = 1050;

/** Writes the account's newest results down as assets. */
export async function recordArtifacts(accountId: string, parts: ArtifactParts): Promise<void> {
  const jobs = await parts.jobs.list(accountId, { dialect: "useapi", states: ["succeeded"], limit: mostListed });
  await insertAssets(
    parts.database,
    jobs.flatMap((job) => artifactOf(job, parts) ?? []),
  );
}

/** An asset that is there, whether it was uploaded or made by a task. */
export async function getAsset(accountId: string, id: string, parts: ArtifactParts): Promise<Asset | undefined> {
  const { database, jobs, clock } = parts;
  const known = await findAsset(database, { accountId, id, now: clock.now() });
  if (known !== undefined) return known.isThere ? known.asset : undefined;
  const job = await jobs.get(accountId, twinOf(id));
  const artifact = job === undefined ? undefined : artifactOf(job, parts);
  if (artifact !== undefined) await insertAssets(database, [artifact]);
  return artifact;
}

/** Writes down that a task's artifact is deleted; its file goes with the leftovers. */
export async function deleteArtifact(job: Job, parts: ArtifactParts): Promise<void> {
  const artifact = artifactOf(job, parts);
  if (artifact === undefined) return;
  await insertAssets(parts.database, [artifact]);
  await markDeleted(parts.database, artifact.accountId, artifact.id, parts.clock.now());
}

/** Tasks whose artifact can still be had, of those that have one. */
export async function withArtifacts(jobs: readonly Job[], parts: ArtifactParts): Promise<ReadonlySet<string>> {
  const now = parts.clock.now();
  const candidates = jobs.filter((job) => job.result !== undefined && !isOver(job, now, parts));
  const deleted = await findDeleted(
    parts.database,
    candidates.map(({ id }) => twinOf(id)),
  );
  return new Set(candidates.map(({ id }) => id).filter((id) => !deleted.has(twinOf(id))));
}

export function isOver(job: Job, now: Date, { resultLifetimeSeconds }: Pick<UseapiParts, "resultLifetimeSeconds">): boolean {
  const expiresAt = expiryOf(job, resultLifetimeSeconds);
  return expiresAt !== undefined && expiresAt <= now;
}

function artifactOf(job: Job, parts: ArtifactParts): Asset | undefined {
  const { result, finishedAt } = job;
  const expiresAt = expiryOf(job, parts.resultLifetimeSeconds);
  if (job.dialect !== "useapi" || result === undefined || finishedAt === undefined || expiresAt === undefined) return undefined;
  if (expiresAt <= parts.clock.now()) return undefined;
  const data = taskDataOf(job);
  const { durationSeconds, width, height, objectKey, contentType, sizeBytes } = result;
  const { frameRate, hasAudio } = data.source;
  return {
    id: twinOf(job.id),
    accountId: job.accountId,
    email: data.email,
    name: artifactName(data),
    objectKey,
    contentType,
    sizeBytes,
    facts: { kind: "video", durationSeconds, width, height, frameRate, hasAudio },
    taskId: job.id,
    parentGroupId: data.groupId,
    createdAt: finishedAt,
    expiresAt,
  };
}
