import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { AppError } from "../domain/errors.ts";
import { startChild } from "./engine-process.ts";
import { toAppError } from "./engine-messages.ts";
import type { ViewerAnswers, ViewerCommand, ViewerReply, ViewerTask } from "./viewer-messages.ts";

/** Looks at videos for people, in processes of their own: a hostile file can end the one that reads it. */
export interface Viewer extends AsyncDisposable {
  /** Throws: AppError, what the video deserves; `rate_limited` when too much is asked at once; the signal's reason. */
  ask<Task extends ViewerTask>(
    task: Task,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<ViewerAnswers[Task["type"]]>;
}

const processes = 2;
const mostWaiting = 24;
const defaultTimeoutMs = 20_000;
const idleMs = 60_000;

export function createViewer(): Viewer {
  return new ViewerPool();
}

class ViewerPool implements Viewer {
  readonly #lanes = Array.from({ length: processes }, () => new Lane());
  #closed = false;

  async ask<Task extends ViewerTask>(
    task: Task,
    { timeoutMs = defaultTimeoutMs, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ViewerAnswers[Task["type"]]> {
    signal?.throwIfAborted();
    if (this.#closed) throw new AppError("cancelled", "The server is closing.");
    if (this.#lanes.reduce((sum, lane) => sum + lane.waiting, 0) >= mostWaiting) throw tooBusy();
    const answer = await this.#laneFor(task.path).ask(task, timeoutMs, signal);
    return answer as ViewerAnswers[Task["type"]]; // the child answers each type with its own
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  /** Where the video is open already, else where less is to be done. */
  #laneFor(path: string): Lane {
    const knowing = this.#lanes.find((lane) => lane.knows(path));
    if (knowing !== undefined) return knowing;
    return this.#lanes.reduce((best, lane) => (lane.waiting < best.waiting ? lane : best));
  }
}

type Answer = ViewerAnswers[keyof ViewerAnswers];
type Asked = {
  readonly command: ViewerCommand;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<Answer>;
};

const mostKnown = 4;

/** One process and what waits for it.  Owns: the process, which ends when it was idle for a while. */
class Lane {
  #child: ChildProcess | undefined;
  #queue: Asked[] = [];
  #current: Asked | undefined;
  #known: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #nextId = 1;
  #timedOut = false;

  get waiting(): number {
    return this.#queue.length + (this.#current === undefined ? 0 : 1);
  }

  knows(path: string): boolean {
    return this.#known.includes(path);
  }

  ask(task: ViewerTask, timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer> {
    const asked = { command: { id: this.#nextId++, task }, timeoutMs, signal, done: Promise.withResolvers<Answer>() };
    this.#queue.push(asked);
    this.#next();
    return asked.done.promise;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const unfinished = [...this.#queue.splice(0), ...(this.#current === undefined ? [] : [this.#current])];
    for (const { done } of unfinished) done.reject(new AppError("cancelled", "The server is closing."));
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }

  #next(): void {
    if (this.#current !== undefined) return;
    clearTimeout(this.#timer);
    // Who has gone meanwhile need not be answered.
    let asked = this.#queue.shift();
    while (asked?.signal?.aborted === true) {
      asked.done.reject(asked.signal.reason as Error); // aborted with an AppError
      asked = this.#queue.shift();
    }
    if (asked === undefined) {
      this.#timer = setTimeout(() => this.#dismiss(), idleMs).unref();
      return;
    }
    this.#current = asked;
    const { path } = asked.command.task;
    this.#known = [...this.#known.filter((known) => known !== path), path].slice(-mostKnown);
    this.#child ??= this.#start();
    this.#timedOut = false;
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.#child?.kill("SIGKILL");
    }, asked.timeoutMs);
    this.#child.send(asked.command, () => undefined);
  }

  #start(): ChildProcess {
    const child = startChild("viewer-child", "ignore", "advanced");
    child.on("message", (message) => {
      const reply = message as ViewerReply; // sent by viewer-child.ts
      if (reply.id !== this.#current?.command.id) return;
      if ("answer" in reply) this.#settle(({ done }) => done.resolve(reply.answer));
      else this.#settle(({ done }) => done.reject(toAppError(reply.failure)));
    });
    child.on("error", () => undefined); // the end that follows tells
    child.once("close", () => {
      if (this.#child !== child) return; // dismissed before
      this.#child = undefined;
      this.#known = [];
      this.#settle(({ done }) => done.reject(this.#timedOut ? tookTooLong() : ended()));
    });
    return child;
  }

  /** What is asked from now on gets another process. */
  #dismiss(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#known = [];
    child?.kill("SIGKILL");
  }

  #settle(tell: (asked: Asked) => void): void {
    const asked = this.#current;
    clearTimeout(this.#timer);
    this.#current = undefined;
    if (asked !== undefined) tell(asked);
    this.#next();
  }
}

function tooBusy(): AppError {
  return new AppError("rate_limited", "The server is looking at other videos; try again in a moment.", {
    details: { retryAfterSeconds: 2 },
    retryable: true,
  });
}

function tookTooLong(): AppError {
  return new AppError("decode_failed", "Reading this video took too long and was given up.");
}

function ended(): AppError {
  return new AppError("input_unreadable", "The file cannot be read as a video: reading it ended the process that tried.");
}
