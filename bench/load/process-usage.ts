import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const ticksPerSecond = 100;

/** What a process holds and has used so far; its children are not counted. Linux only. */
export type ProcessUsage = { readonly residentMiB: number; readonly peakMiB: number; readonly cpuSeconds: number };

export async function usageOf(pid: number): Promise<ProcessUsage> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in parentheses and may hold spaces; the 14th and 15th are the times.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { residentMiB: mebibytes("VmRSS"), peakMiB: mebibytes("VmHWM"), cpuSeconds: cpuTicks / ticksPerSecond };
}

/** The one process that another one started. */
export async function childOf(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  const [child] = children;
  if (children.length !== 1 || child === undefined || !(child > 0)) throw new Error(`process ${pid} has not one child`);
  return child;
}

export type IdleUsage = { readonly cpuPercent: number; readonly residentMiB: number; readonly peakMiB: number };

/** What a process uses while it is left alone. */
export async function watchIdle(pid: number, seconds: number): Promise<IdleUsage> {
  const before = await usageOf(pid);
  const began = performance.now();
  await sleep(seconds * 1000);
  const after = await usageOf(pid);
  const elapsed = (performance.now() - began) / 1000;
  const cpuPercent = (100 * (after.cpuSeconds - before.cpuSeconds)) / elapsed;
  return { cpuPercent, residentMiB: after.residentMiB, peakMiB: after.peakMiB };
}
