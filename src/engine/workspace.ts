import { createHash } from "node:crypto";
import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isErrno, sha256OfFile } from "../core/files.ts";
import { stringifyJson } from "../core/json.ts";
import { AppError } from "../domain/errors.ts";

/** The folder beside the output in which unfinished work lives, so that an interrupted run can be taken up again.
 *  One process at a time works in it.  Owns: the lock. */
export class Workspace implements AsyncDisposable {
  readonly path: string;
  readonly #lockPath: string;

  private constructor(path: string, lockPath: string) {
    this.path = path;
    this.#lockPath = lockPath;
  }

  /** Takes the folder for `outputPath`.  Throws: AppError `workspace_busy`, `output_unwritable`. */
  static async open(outputPath: string): Promise<Workspace> {
    const path = workspacePath(outputPath);
    try {
      await mkdir(path, { recursive: true });
    } catch (cause) {
      throw new AppError("output_unwritable", `Nothing can be written to ${dirname(outputPath)}.`, { cause });
    }
    const lockPath = join(path, "lock");
    await takeLock(lockPath, outputPath);
    return new Workspace(path, lockPath);
  }

  /** Keeps what an earlier run of the same job left; removes what another job, or `startAnew`, makes useless. */
  async adopt(fingerprint: string, startAnew: boolean): Promise<void> {
    const marker = join(this.path, "job");
    const earlier = await readFile(marker, "utf8").catch(() => undefined);
    if (earlier === fingerprint && !startAnew) return;
    const lock = await readFile(this.#lockPath, "utf8");
    await rm(this.path, { recursive: true });
    await mkdir(this.path);
    await writeFile(this.#lockPath, lock);
    await writeFile(marker, fingerprint);
  }

  segmentPath(index: number): string {
    return join(this.path, segmentName(index));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Removes the folder: the job is done. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#lockPath, { force: true });
  }
}

export function workspacePath(outputPath: string): string {
  return join(dirname(outputPath), `.${basename(outputPath)}.upres`);
}

/** Where a segment's files are, without their endings. */
export function segmentPath(outputPath: string, index: number): string {
  return join(workspacePath(outputPath), segmentName(index));
}

function segmentName(index: number): string {
  return `segment-${String(index).padStart(5, "0")}`;
}

async function takeLock(lockPath: string, outputPath: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = await open(lockPath, "wx");
      await handle.writeFile(`${process.pid}`);
      await handle.close();
      return;
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
    const holder = Number(await readFile(lockPath, "utf8").catch(() => "0"));
    if (holder !== process.pid && isAlive(holder)) {
      throw new AppError(
        "workspace_busy",
        `Another run (process ${holder}) is already making ${outputPath}; wait for it or choose another output.`,
      );
    }
    await rm(lockPath, { force: true });
  }
  throw new AppError("workspace_busy", `Another run is already making ${outputPath}; wait for it or choose another output.`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, "EPERM");
  }
}

const identityBytes = 1 << 20;

/** Names a job by what determines its bytes: the input (size, time and ends), the plan, the weights and the version. */
export async function fingerprintJob(inputPath: string, determinants: unknown): Promise<string> {
  const file = await stat(inputPath);
  const head = await sha256OfFile(inputPath, { start: 0, end: identityBytes - 1 });
  const tail = await sha256OfFile(inputPath, { start: Math.max(0, file.size - identityBytes), end: file.size });
  const text = stringifyJson({ size: file.size, modified: file.mtimeMs, head, tail, determinants });
  return createHash("sha256").update(text).digest("hex");
}
