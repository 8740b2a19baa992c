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
  return folderAt(join(workFolder(dataFolder), job.id), job);
}

/** Where a worker helps with a job that another one runs. */
export function helpFolder(dataFolder: string, job: Job, helpId: string): JobFolder {
  return folderAt(join(helpersFolder(dataFolder), `${job.id}.${helpId}`), job);
}

function folderAt(path: string, job: Job): JobFolder {
  const extension = /\.[a-z0-9]{1,5}$/i.exec(sourceName(job.source))?.[0].toLowerCase() ?? "";
  return { path, inputPath: join(path, `input${extension}`), outputPath: join(path, `output.${job.request.container}`) };
}

export async function removeJobFolder(dataFolder: string, jobId: string): Promise<void> {
  await rm(join(workFolder(dataFolder), jobId), { recursive: true, force: true });
}

/** Ids of the jobs that have a folder here. */
export function listJobFolders(dataFolder: string): Promise<readonly string[]> {
  return namesIn(workFolder(dataFolder));
}

/** Removes what killed helpers left of jobs that `unfinished` does not name. */
export async function removeHelpFolders(
  dataFolder: string,
  unfinished: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<void> {
  const names = await namesIn(helpersFolder(dataFolder));
  if (names.length === 0) return;
  const idOf = (name: string): string => name.split(".")[0] ?? "";
  const wanted = await unfinished(names.map(idOf));
  for (const name of names) {
    if (!wanted.has(idOf(name))) await rm(join(helpersFolder(dataFolder), name), { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
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

function helpersFolder(dataFolder: string): string {
  return join(dataFolder, "help");
}

function workFolder(dataFolder: string): string {
  return join(dataFolder, "work");
}
