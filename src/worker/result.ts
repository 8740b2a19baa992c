import { createReadStream } from "node:fs";
import { parse } from "node:path";
import type { Job, JobResult } from "../domain/job.ts";
import type { Container } from "../domain/upscale-request.ts";
import { safeFileName } from "../ingest/sniff.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { OutputFacts } from "./engine-messages.ts";
import { sourceName } from "./workspace.ts";

const contentTypes: Readonly<Record<Container, string>> = { mp4: "video/mp4", webm: "video/webm", mov: "video/quicktime" };
const maxBaseLength = 80;

/** Brings a finished file to the store, under a key that belongs to its job alone. */
export async function storeResult(
  { store, job, path, output }: { store: ObjectStore; job: Job; path: string; output: OutputFacts },
  signal: AbortSignal,
): Promise<JobResult> {
  const { container } = job.request;
  const fileName = resultName(job);
  const contentType = contentTypes[container];
  const stored = await store.put(resultKey(job), createReadStream(path), { contentType, fileName }, { signal });
  return { objectKey: stored.key, fileName, contentType, ...output, sizeBytes: stored.sizeBytes };
}

export function resultKey(job: Job): string {
  return `results/${job.id}/${resultName(job)}`;
}

function resultName({ source, request }: Job): string {
  const base = Array.from(parse(safeFileName(sourceName(source))).name)
    .slice(0, maxBaseLength)
    .join("");
  return `${base === "" ? "video" : base}-upscaled.${request.container}`;
}
