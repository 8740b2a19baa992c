import type { Clock } from "../core/clock.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import { AppError } from "../domain/errors.ts";
import type { EngineAnswer, EnginePlan, EngineStep, EngineTask, OutputFacts } from "./engine-messages.ts";
import { EngineProcess } from "./engine-process.ts";

export type EngineOptions = {
  readonly task: EngineTask;
  readonly hangTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onStep?: (step: EngineStep) => void;
  /** Ends the engine for good. */
  readonly signal: AbortSignal;
};

export type Made = { readonly output: OutputFacts; readonly report: unknown };

/** For how long an engine of a server that was killed may take to notice it. */
const orphanWait = { stepMs: 250, steps: 120 } as const;

/** An engine process for one video, started when it is needed and again after a crash.  Owns: the process. */
export class Engine implements AsyncDisposable {
  readonly #options: EngineOptions;
  #process: EngineProcess | undefined;
  #onFrames: (framesDone: number) => void = () => undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** What will be made; or what an earlier engine had made already.  Throws: AppError, EngineCrash. */
  async open(): Promise<{ readonly plan: EnginePlan } | { readonly made: Made }> {
    const answer = await this.#start();
    if (answer.type === "planned") return { plan: answer.plan };
    if (answer.type === "finished") return { made: answer };
    throw unexpected(answer);
  }

  /** True when the segment was there already.  Throws: AppError, EngineCrash, the signal's reason. */
  async makeSegment(index: number, onFrames: (framesDone: number) => void, signal: AbortSignal): Promise<boolean> {
    this.#onFrames = onFrames;
    const stop = (): void => void this.stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const answer = await this.#ask({ type: "segment", index });
      if (answer.type === "made") return answer.wasThere;
      throw unexpected(answer);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Joins the segments and checks the result.  Throws: AppError, EngineCrash. */
  async finish(): Promise<Made> {
    const answer = await this.#ask({ type: "finish" });
    if (answer.type === "finished") return answer;
    throw unexpected(answer);
  }

  /** Ends the process; another is started for what is asked next. */
  async stop(): Promise<void> {
    const engine = this.#process;
    this.#process = undefined;
    await engine?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ask(command: { type: "segment"; index: number } | { type: "finish" }): Promise<EngineAnswer> {
    if (this.#process === undefined) {
      const answer = await this.#start();
      if (answer.type === "finished") return answer;
    }
    try {
      if (this.#process === undefined) throw new Error("the engine was stopped");
      return await this.#process.ask(command);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Opens the video once its folder's lock is free: the engine of a killed server ends by itself, but not in no time. */
  async #start(): Promise<EngineAnswer> {
    const { task, clock, logger, signal } = this.#options;
    for (let step = 0; ; step += 1) {
      const started = new EngineProcess({
        ...this.#options,
        onStep: (said) => {
          if (said.type === "progress") this.#onFrames(said.framesDone);
          this.#options.onStep?.(said);
        },
      });
      this.#process = started;
      try {
        return await started.ask({ type: "open", task });
      } catch (error) {
        await this.stop();
        if (!(error instanceof AppError) || error.code !== "workspace_busy" || step === orphanWait.steps) throw error;
        if (step === 0) logger.warn("waiting for an earlier engine to end", errorFacts(error));
        await clock.sleep(orphanWait.stepMs, signal);
      }
    }
  }
}

function unexpected({ type }: EngineAnswer): Error {
  return new Error(`the engine answers with ${type}`);
}
