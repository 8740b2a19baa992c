import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";

const attempts = 5;

/** Makes this process the only one that uses a data folder, until disposed. A dead holder's lock is taken over.
 *  Throws: AppError `workspace_busy`. */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, "lock");
  const draft = `${path}.${process.pid}`;
  const own = await identify(process.pid);
  await writeFile(draft, own);
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (await tryLink(draft, path)) return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
      const holder = await readFile(path, "utf8").catch(() => "");
      if (await isHeld(holder)) throw busy(folder, holder);
      await removeDeadLock(path, holder);
    }
    throw busy(folder, await readFile(path, "utf8").catch(() => ""));
  } finally {
    await rm(draft, { force: true });
  }
}

/** A link appears with its content or not at all, and only where nothing is. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** Takes the lock file away first and looks at it then: a lock that was made anew in the meantime is put back. */
async function removeDeadLock(path: string, dead: string): Promise<void> {
  const aside = `${path}.dead.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== dead) await tryLink(aside, path);
  await rm(aside, { force: true });
}

/** `pid start`: where the system tells a process's start, a process that got a dead one's number is not taken for it. */
async function identify(pid: number): Promise<string> {
  return `${pid} ${await startOf(pid)}`;
}

async function isHeld(holder: string): Promise<boolean> {
  const pid = Number(holder.split(" ")[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return false;
  return (await identify(pid)) === holder;
}

/** Clock ticks from the system's start to the process's; empty where the system does not say. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the name in parentheses and may hold spaces; the start is the 22nd.
  return (
    stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .at(19) ?? ""
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, "EPERM");
  }
}

function busy(folder: string, holder: string): AppError {
  const pid = holder.split(" ")[0] ?? "";
  return new AppError(
    "workspace_busy",
    `The data folder ${folder} is in use by process ${pid}; stop it, choose another --data folder, or use Postgres to share one.`,
    { details: { folder, pid: Number(pid) } },
  );
}
