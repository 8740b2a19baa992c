import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** What one command took from its start to its end, all its processes together. */
export type Usage = {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** The largest process's. */
  readonly peakMiB: number;
};

const ProcessUsage = z.object({ cpuSeconds: z.number(), peakMiB: z.number() });

/** Runs `node` with arguments in a process of its own. Throws: Error with its messages when it fails. */
export async function timeCommand(parameters: readonly string[]): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), "upres-bench-usage-"));
  try {
    const started = performance.now();
    await runToEnd(parameters, folder);
    const wallSeconds = (performance.now() - started) / 1000;
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    const usages = texts.map((text) => ProcessUsage.parse(JSON.parse(text)));
    if (usages.length === 0) throw new Error("no process of the command said what it used");
    return {
      wallSeconds,
      cpuSeconds: usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0),
      peakMiB: Math.max(...usages.map((usage) => usage.peakMiB)),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function runToEnd(parameters: readonly string[], usageFolder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const preload = `--import=${new URL("./usage.ts", import.meta.url).href}`;
    const child = spawn(process.execPath, parameters, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, NODE_OPTIONS: preload, BENCH_USAGE_FOLDER: usageFolder },
    });
    let messages = "";
    child.stderr.on("data", (chunk: Buffer) => (messages += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${parameters.join(" ")} ended with ${code ?? "a signal"}:\n${messages}`)),
    );
  });
}
