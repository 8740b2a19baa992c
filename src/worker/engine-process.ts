import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { AppError } from "../domain/errors.ts";
import type { Clock } from "../core/clock.ts";
import { type EngineAnswer, type EngineCommand, type EngineMessage, type EngineStep, toAppError } from "./engine-messages.ts";

export type EngineProcessOptions = {
  /** An engine that says nothing for so long while it has something to do hangs. */
  readonly hangTimeoutMs: number;
  readonly clock: Clock;
  readonly onStep: (step: EngineStep) => void;
  /** Ends the process at once. */
  readonly signal: AbortSignal;
};

/** The process ended without a word, which another try may get past. */
export class EngineCrash extends Error {
  override readonly name = "EngineCrash";
  /** What is said of it when it is not tried again. */
  readonly failure: AppError;

  constructor(failure: AppError) {
    super(failure.message, { cause: failure.cause });
    this.failure = failure;
  }
}

const keptErrorText = 4000;

/** The engine in a process of its own.  Owns: the process, which is gone once this is disposed. */
export class EngineProcess implements AsyncDisposable {
  readonly #options: EngineProcessOptions;
  readonly #child: ChildProcess;
  readonly #closed: Promise<{ readonly code: number | null; readonly endSignal: NodeJS.Signals | null }>;
  #errorText = "";
  #hangs = false;
  #answered: ((answer: EngineAnswer) => void) | undefined;
  #heard: () => void = () => undefined;

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    this.#child = startChild("engine-child", "pipe");
    const { signal, onStep } = options;
    const kill = (): void => void this.#child.kill("SIGKILL");
    this.#closed = once(this.#child, "close").then((ending) => {
      signal.removeEventListener("abort", kill);
      const [code, endSignal] = ending as [number | null, NodeJS.Signals | null]; // the arguments of the event
      return { code, endSignal };
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-keptErrorText);
    });
    // A process that could not be started or that is gone already has an end to tell of as well.
    this.#child.on("error", (error) => (this.#errorText += error.message));
    this.#child.on("message", (message) => {
      const said = message as EngineMessage; // sent by engine-child.ts
      this.#heard();
      if (said.type === "progress" || said.type === "assembling" || said.type === "verifying") onStep(said);
      else this.#answered?.(said);
    });
    if (signal.aborted) kill();
    else signal.addEventListener("abort", kill, { once: true });
  }

  /** Has one thing done.  Throws: AppError, the engine's own; EngineCrash; the signal's reason once it is aborted. */
  async ask(command: EngineCommand): Promise<EngineAnswer> {
    const { signal, clock, hangTimeoutMs } = this.#options;
    signal.throwIfAborted();
    const answer = Promise.withResolvers<EngineAnswer>();
    this.#answered = answer.resolve;
    const watchdog = new Watchdog(clock, hangTimeoutMs, () => {
      this.#hangs = true;
      this.#child.kill("SIGKILL");
    });
    this.#heard = () => watchdog.feed();
    this.#child.send(command, () => undefined);
    try {
      const outcome = await Promise.race([answer.promise, this.#closed]);
      signal.throwIfAborted();
      if ("code" in outcome) throw new EngineCrash(describeCrash({ hangs: this.#hangs, errorText: this.#errorText, ...outcome }));
      if (outcome.type === "failed") throw toAppError(outcome.failure);
      return outcome;
    } finally {
      watchdog.stop();
      this.#heard = () => undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }
}

/** Starts a program of this folder, as a source or as built. */
export function startChild(
  name: "engine-child" | "inspect-child" | "viewer-child",
  stderr: "pipe" | "ignore",
  serialization: "json" | "advanced" = "json",
): ChildProcess {
  const entry = new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const execArgv = ["--disable-warning=ExperimentalWarning", "--initial-old-space-size=256"]; // why: bin/upres.cjs
  return fork(entry, { execArgv, serialization, stdio: ["ignore", "ignore", stderr, "ipc"] });
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
