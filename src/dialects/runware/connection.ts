import type { Socket } from "node:net";
import type { WebSocket } from "@fastify/websocket";
import { errorFacts } from "../../core/logger.ts";
import { type Answer, envelope, refusal } from "./answer.ts";
import { mostUnknownBytes } from "./body.ts";
import type { Caller, RunwareContext } from "./context.ts";
import { decodeTasks, type Task } from "./decode.ts";
import { Pushes } from "./pushes.ts";
import type { Session, Sessions } from "./sessions.ts";
import { acceptTask, answerInTime, invalidApiKey, missingApiKey, nameOf, type Outcome, pong } from "./tasks.ts";
import { AuthenticationTask } from "./wire.ts";

export type ConnectionParts = {
  readonly context: RunwareContext;
  /** What the WebSocket runs over. */
  readonly transport: Socket;
  readonly sessions: Sessions;
  readonly publicBase: string;
  readonly isDryRun: boolean;
  /** Tell it of tasks that it polls as soon as they succeed. */
  readonly wantsPushes: boolean;
};

/** Frames that are worked on at the same time; more wait in the socket. */
const mostAtOnce = 32;
/** Of frames that are worked on; one may be larger. */
const mostBytesAtOnce = 32 * 1024 ** 2;
/** More than this is read at once of no socket. */
const mostReadBytes = 64 * 1024;
/** A client that sends and does not read is cut off. */
const mostUnsentBytes = 16 * 1024 ** 2;
/** Clients read why they are refused before the end of the connection reaches them. */
const closeAfterRefusalMs = 1_000;
/** For the client's side of the closing. */
const closeWithinMs = 1_000;

type Access = { readonly caller: Caller; readonly session: Session };

/** One WebSocket from its opening to its end.  Owns: the socket. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #parts: ConnectionParts;
  readonly #closed = new AbortController();
  readonly #idle: NodeJS.Timeout;
  readonly #pushes: Pushes;
  #access: Promise<Access | undefined> = Promise.resolve(undefined);
  #running = 0;
  #runningBytes = 0;
  #authenticating = 0;
  #isKnown = false;
  /** Since the last whole frame, or the read that it came with. */
  #unknownBytes = 0;
  #waits = 0;
  #isRefused = false;
  #isCutOff = false;

  constructor(socket: WebSocket, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#pushes = new Pushes(parts, this.#closed.signal);
    this.#idle = setTimeout(() => this.close(1000), parts.context.limits.idleMs);
    socket.on("message", (message: Buffer) => this.#take(String(message)));
    parts.transport.on("data", (chunk: Uint8Array) => this.#count(chunk.length));
    socket.on("close", () => this.#end());
  }

  /** Aborts when the connection has ended. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  close(code: number): void {
    this.#socket.close(code);
    setTimeout(() => this.#socket.terminate(), closeWithinMs).unref();
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#closed.abort();
    void this.#access.then((access) => access?.session.detach(this.#send));
  }

  /** A stranger sends small frames only; a frame that is still coming is no silence. */
  #count(sizeBytes: number): void {
    if (this.#isKnown) {
      this.#idle.refresh();
      return;
    }
    this.#unknownBytes += sizeBytes;
    if (this.#unknownBytes <= mostUnknownBytes + mostReadBytes || this.#isCutOff) return;
    this.#isCutOff = true;
    this.close(1009);
    this.#socket.pause();
  }

  /** Reads on only while there is room for more, and it is known who sends it. */
  #flow(): void {
    if (this.#isCutOff) return;
    const isFull = this.#running >= mostAtOnce || this.#runningBytes >= mostBytesAtOnce;
    if (isFull || this.#authenticating > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  #take(text: string): void {
    if (this.#isKnown) this.#idle.refresh();
    this.#unknownBytes = 0;
    if (this.#isRefused || this.#isCutOff) return;
    this.#running += 1;
    this.#runningBytes += text.length;
    void this.#answerFrame(text)
      .catch((error: unknown) => {
        this.#parts.context.logger.error("frame failed", { dialect: "runware", ...errorFacts(error) });
        this.#socket.terminate();
      })
      .finally(() => {
        this.#running -= 1;
        this.#runningBytes -= text.length;
        this.#flow();
      });
    this.#flow();
  }

  async #answerFrame(text: string): Promise<void> {
    const decoded = decodeTasks(text);
    if (!decoded.ok) {
      await this.#send(frameOf(refusal(decoded.problem)));
      return;
    }
    for (const task of decoded.value) {
      if (this.#closed.signal.aborted) return;
      await this.#answerTask(task);
    }
  }

  async #answerTask(task: Task): Promise<void> {
    if (task["taskType"] === "authentication") {
      // Tasks that come right behind wait for this.
      this.#authenticating += 1;
      const access = this.#authenticate(task, this.#access).finally(() => (this.#authenticating -= 1));
      this.#access = access.catch(() => undefined);
      await access;
    } else if (task["taskType"] === "ping") {
      await this.#send(frameOf(pong));
    } else {
      const access = await this.#access;
      if (access === undefined) await this.#send(frameOf(refusal(missingApiKey, nameOf(task))));
      else await this.#doTask(task, access);
    }
  }

  async #authenticate(task: Task, before: Promise<Access | undefined>): Promise<Access | undefined> {
    const { context, sessions, publicBase, isDryRun } = this.#parts;
    const { apiKey, connectionSessionUUID } = AuthenticationTask.parse(task);
    const credential = apiKey ?? "";
    const account = await context.authenticate(credential, { counts: false });
    if (account === undefined) {
      await this.#refuseKey();
      return undefined;
    }
    this.#isKnown = true;
    (await before)?.session.detach(this.#send);
    const session = sessions.open(account.accountId, connectionSessionUUID);
    session.attach(this.#send);
    if (this.#closed.signal.aborted) session.detach(this.#send);
    await this.#send(JSON.stringify({ data: [{ taskType: "authentication", connectionSessionUUID: session.id }] }));
    await session.replay();
    return { session, caller: { credential, accountId: account.accountId, publicBase, isDryRun } };
  }

  /** Only this frame makes every client give up at once and say why. */
  async #refuseKey(): Promise<void> {
    const { errors = [] } = envelope([refusal(invalidApiKey, { taskType: "authentication" })]);
    this.#isRefused = true;
    await this.#send(JSON.stringify({ errors, error: errors[0] }));
    setTimeout(() => this.close(1008), closeAfterRefusalMs).unref();
  }

  async #doTask(task: Task, { caller, session }: Access): Promise<void> {
    const { context } = this.#parts;
    if (task["deliveryMethod"] === "sync" && this.#waits >= context.limits.maxWaits) {
      await session.send(frameOf(refusal(tooManyWaits, nameOf(task))));
      return;
    }
    const outcome = await acceptTask(task, caller, context);
    if (outcome.kind === "waits") {
      this.#waitFor(outcome, { caller, session });
      return;
    }
    await session.send(frameOf(outcome.answer));
    if (outcome.polled !== undefined && this.#parts.wantsPushes) {
      this.#pushes.polled(outcome.polled, (answer) => session.send(frameOf(answer)));
    }
  }

  /** The task's only answer is its end; others go on meanwhile, and a lost connection changes nothing. */
  #waitFor(outcome: Outcome & { kind: "waits" }, { caller, session }: Access): void {
    const { context } = this.#parts;
    this.#waits += 1;
    const wait = { publicBase: caller.publicBase, signal: context.closing, waitMs: context.limits.syncWaitMs };
    void answerInTime(outcome, wait, context)
      .then((answer) => session.send(frameOf(answer)))
      .finally(() => (this.#waits -= 1));
  }

  readonly #send = (text: string): Promise<boolean> => {
    if (this.#isKnown) this.#idle.refresh();
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(false);
    if (this.#socket.bufferedAmount > mostUnsentBytes) {
      this.#socket.terminate();
      return Promise.resolve(false);
    }
    return new Promise((resolve) => this.#socket.send(text, (error) => resolve(error === undefined || error === null)));
  };
}

const tooManyWaits = {
  status: 429,
  code: "rateLimitExceeded",
  message: "Too many synchronous tasks are waited for on this connection; use deliveryMethod 'async'.",
};

/** One task to a frame: clients take the first error of a frame for everybody's. */
function frameOf(answer: Answer): string {
  return JSON.stringify(envelope([answer]));
}
