import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../core/files.ts";
import type { Job, JobSource } from "../domain/job.ts";

/** Where one job's unfinished work lives; it survives restarts, so that finished segments are used again. */
export type JobFolder = { readonly path: string; readonly inputPath: string; readonly outputPath: string };

export async function openJobFolder(dataFolder: string, job: Job): Promise<JobFolder> {
  const folder = jobFolder(dataFolder, job);
  await mkdir(folder.path, { recursive: true });
  return folder;
}

export function jobFolder(dataFolder: string, job: Job): JobFolder {
  const path = join(workFolder(dataFolder), job.id);
  const extension = /\.[a-z0-9]{1,5}$/i.exec(sourceName(job.source))?.[0].toLowerCase() ?? "";
  return { path, inputPath: join(path, `input${extension}`), outputPath: join(path, `output.${job.request.container}`) };
}

export async function removeJobFolder(dataFolder: string, jobId: string): Promise<void> {
  await rm(join(workFolder(dataFolder), jobId), { recursive: true, force: true });
}

/** Ids of the jobs that have a folder here. */
export async function listJobFolders(dataFolder: string): Promise<readonly string[]> {
  try {
    return await readdir(workFolder(dataFolder));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** What a user calls the source: the last part of its address or key, without what may be secret in it. */
export function sourceName(source: JobSource): string {
  if (source.kind === "object") return source.key.split("/").at(-1) ?? "";
  if (/^data:/i.test(source.url)) return "video";
  const path = URL.parse(source.url)?.pathname ?? "";
  const name = path.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // not what percent signs are for, but a name all the same
  }
}

function workFolder(dataFolder: string): string {
  return join(dataFolder, "work");
}
