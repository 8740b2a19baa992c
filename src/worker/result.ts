import { createReadStream } from "node:fs";
import { parse } from "node:path";
import type { Job, JobResult, JobSource } from "../domain/job.ts";
import type { Container } from "../domain/upscale-request.ts";
import { safeFileName } from "../ingest/sniff.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { OutputFacts } from "./engine-messages.ts";
import { sourceName } from "./workspace.ts";

const contentTypes: Readonly<Record<Container, string>> = { mp4: "video/mp4", webm: "video/webm", mov: "video/quicktime" };
const maxBaseLength = 80;

/** Copies a finished file to the store, under a key that belongs to its job alone. The file stays where it is: a start after
 *  a crash finds it and has nothing to make again. */
export async function storeResult(
  { store, job, path, output }: { store: ObjectStore; job: Job; path: string; output: OutputFacts },
  signal: AbortSignal,
): Promise<JobResult> {
  const { container } = job.request;
  const fileName = `${await baseName(job.source, store)}-upscaled.${container}`;
  const contentType = contentTypes[container];
  const stored = await store.put(resultKey(job), createReadStream(path), { contentType, fileName }, { signal });
  return { objectKey: stored.key, fileName, contentType, ...output, sizeBytes: stored.sizeBytes };
}

/** The same at every start of a job, and known without its result. */
export function resultKey({ id, request }: Job): string {
  return `results/${id}/result.${request.container}`;
}

/** What its sender calls the video; an upload's own name is in the store. */
async function baseName(source: JobSource, store: ObjectStore): Promise<string> {
  const name = source.kind === "object" ? (await store.head(source.key))?.fileName : undefined;
  const base = parse(safeFileName(name ?? sourceName(source))).name.replace(/(?:-upscaled)+$/, "");
  return Array.from(base).slice(0, maxBaseLength).join("") || "video";
}
