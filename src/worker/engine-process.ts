import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { AppError } from "../domain/errors.ts";
import type { Clock } from "../core/clock.ts";
import { type EngineMessage, type EngineStep, type EngineTask, type OutputFacts, toAppError } from "./engine-messages.ts";

export type EngineRun = {
  readonly task: EngineTask;
  /** An engine that says nothing for so long hangs. */
  readonly hangTimeoutMs: number;
  readonly clock: Clock;
  readonly onStep: (step: EngineStep) => void;
  readonly signal: AbortSignal;
};

/** `crashed`: the process ended without a word, which another try may get past. */
export type EngineOutcome =
  | { readonly kind: "finished"; readonly output: OutputFacts; readonly report: unknown }
  | { readonly kind: "crashed"; readonly error: AppError }
  | { readonly kind: "stopped" };

const keptErrorText = 4000;

/** Runs the engine in a process of its own, which is gone when this returns.
 *  Throws: AppError, the engine's own. */
export async function runEngine({ task, hangTimeoutMs, clock, onStep, signal }: EngineRun): Promise<EngineOutcome> {
  if (signal.aborted) return { kind: "stopped" };
  const child = startChild();
  const closed = once(child, "close");
  let errorText = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errorText = (errorText + text).slice(-keptErrorText)));
  let last: EngineMessage | undefined;
  let hangs = false;
  const kill = (): void => void child.kill("SIGKILL");
  const watchdog = new Watchdog(clock, hangTimeoutMs, () => {
    hangs = true;
    kill();
  });
  child.on("message", (message) => {
    watchdog.feed();
    const said = message as EngineMessage; // sent by engine-child.ts
    if (said.type === "finished" || said.type === "failed") last = said;
    else onStep(said);
  });
  signal.addEventListener("abort", kill, { once: true });
  // A process that could not be started or that is gone already has an end to tell of as well.
  child.on("error", (error) => (errorText += error.message));
  child.send(task, () => undefined);
  const [code, endSignal] = (await closed) as [number | null, NodeJS.Signals | null]; // the arguments of the event
  watchdog.stop();
  signal.removeEventListener("abort", kill);
  if (last?.type === "finished") return { kind: "finished", output: last.output, report: last.report };
  if (signal.aborted) return { kind: "stopped" };
  if (last?.type === "failed") {
    throw toAppError(last.failure);
  }
  return { kind: "crashed", error: describeCrash({ hangs, code, endSignal, errorText }) };
}

/** A program of this folder, as a source or as built. */
export function childEntry(name: "engine-child" | "inspect-child"): URL {
  return new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
}

function startChild(): ChildProcess {
  return fork(childEntry("engine-child"), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

type Ending = {
  readonly hangs: boolean;
  readonly code: number | null;
  readonly endSignal: NodeJS.Signals | null;
  readonly errorText: string;
};

function describeCrash({ hangs, code, endSignal, errorText }: Ending): AppError {
  const details = { exitCode: code, signal: endSignal };
  // The tail of what the process wrote is for logs, not for users.
  const cause = errorText;
  if (hangs) return new AppError("internal", "The engine stood still and was ended.", { details, cause });
  if (endSignal === "SIGKILL" || errorText.includes("heap out of memory")) {
    return new AppError("out_of_memory", "The engine was ended by the system, most likely for want of memory.", {
      details,
      cause,
    });
  }
  return new AppError("internal", `The engine crashed (${endSignal ?? `exit code ${code}`}).`, { details, cause });
}

/** Calls back once when it was not fed for too long. */
class Watchdog {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onHang: () => void;
  #feeding = new AbortController();
  #stopped = false;

  constructor(clock: Clock, timeoutMs: number, onHang: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onHang = onHang;
    void this.#watch();
  }

  feed(): void {
    this.#feeding.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#feeding.abort();
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      await this.#clock.sleep(this.#timeoutMs, this.#feeding.signal);
      if (this.#stopped) return;
      if (!this.#feeding.signal.aborted) {
        this.#onHang();
        return;
      }
      this.#feeding = new AbortController();
    }
  }
}
