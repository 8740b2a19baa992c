import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { JobState } from "../../src/domain/job.ts";

export type ServerOptions = {
  readonly dataFolder: string;
  readonly url?: string | undefined;
  readonly inputPath: string;
  /** Left out: within the data folder. */
  readonly storeFolder?: string;
  readonly concurrency?: number;
  readonly accountLimit?: number;
};

export type ServerCommand =
  | { readonly type: "submit" }
  | { readonly type: "watch" | "cancel"; readonly id: string }
  | { readonly type: "stop" };

export type ServerEvent =
  | { readonly type: "ready" }
  | { readonly type: "submitted"; readonly id: string }
  | { readonly type: "line"; readonly id: string; readonly message: string }
  | { readonly type: "progress"; readonly id: string; readonly framesDone: number }
  | { readonly type: "state"; readonly id: string; readonly state: JobState }
  | { readonly type: "cancel"; readonly outcome: string }
  | { readonly type: "logged"; readonly message: string; readonly facts: unknown };

/** A process with database, jobs and worker (job-server.ts), as its parent sees it. */
export class JobServer {
  readonly events: ServerEvent[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #heard: () => void = () => undefined;
  #errors = "";
  #isClosed = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, "close").then(() => {
      this.#isClosed = true;
      this.#heard();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    child.on("message", (event) => {
      this.events.push(event as ServerEvent); // sent by job-server.ts
      this.#heard();
    });
  }

  /** Resolves when the worker is at work; ends with the test. */
  static async start(options: ServerOptions): Promise<JobServer> {
    const script = fileURLToPath(new URL("./job-server.ts", import.meta.url));
    const child = fork(script, [JSON.stringify(options)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const server = new JobServer(child);
    await server.event(({ type }) => type === "ready");
    return server;
  }

  /** The first event so, among those heard already and those to come. */
  async event(matches: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    for (;;) {
      const found = this.events.find(matches);
      if (found !== undefined) return found;
      if (this.#isClosed) throw new Error(`the server ended: ${this.#errors}`);
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  async submit(): Promise<string> {
    const known = new Set(this.events);
    this.send({ type: "submit" });
    const submitted = await this.event((event) => event.type === "submitted" && !known.has(event));
    if (submitted.type !== "submitted") throw new Error("another event");
    this.send({ type: "watch", id: submitted.id });
    return submitted.id;
  }

  line(message: RegExp): Promise<ServerEvent> {
    return this.event((event) => event.type === "line" && message.test(event.message));
  }

  logged(message: string): Promise<ServerEvent> {
    return this.event((event) => event.type === "logged" && event.message === message);
  }

  end(id: string): Promise<ServerEvent> {
    return this.event((event) => event.type === "state" && event.id === id && /succeeded|failed|cancelled/.test(event.state));
  }

  send(command: ServerCommand): void {
    this.#child.send(command);
  }

  /** Process ids of the engines that run now; Linux only. */
  async engines(): Promise<readonly number[]> {
    const children = await readFile(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, "utf8");
    return children.split(" ").filter(Boolean).map(Number);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  async stop(): Promise<void> {
    this.send({ type: "stop" });
    await this.#closed;
  }
}
