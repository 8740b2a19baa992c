import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import type { RunEvent, SessionOptions } from "../../src/engine/session.ts";

export type EngineEvent = RunEvent | { readonly type: "finished"; readonly liveFrames: number; readonly peakRssBytes: number };

export type EngineExit = {
  readonly events: readonly EngineEvent[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
};

/** Options of a run that depends on nothing but the input. */
export function runOptions(inputPath: string, outputPath: string, factor: number): SessionOptions {
  const request = { ...defaultRequest, tier: "fast", target: { kind: "scale", factor } } as const;
  return { inputPath, outputPath, request, provider: "cpu", threads: 2, overwrite: false, resume: true };
}

/** Runs the engine in a child process until it ends or `onEvent` asks for SIGKILL. */
export async function runInProcess(
  options: SessionOptions,
  onEvent: (event: EngineEvent) => "kill" | void | Promise<"kill" | void> = () => undefined,
): Promise<EngineExit> {
  const script = fileURLToPath(new URL("./run-engine.ts", import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, JSON.stringify(options)]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const events: EngineEvent[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as EngineEvent; // written by run-engine.ts
    events.push(event);
    if ((await onEvent(event)) === "kill") child.kill("SIGKILL");
  }
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null]; // the arguments of the event
  return { events, code, signal, errors };
}
