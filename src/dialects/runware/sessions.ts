import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";

/** Sends a text to whoever is connected now; resolves with false where it did not go out. */
export type Channel = (text: string) => Promise<boolean>;

type Waiting = { readonly text: string; readonly atMs: number };

/** Texts that wait for one client at most. */
const mostWaiting = 200;

/** One client over several connections: what it missed is sent when it comes back soon. */
export class Session {
  readonly id = randomUUID();
  readonly accountId: string;
  readonly #clock: Clock;
  readonly #replayMs: number;
  #channel: Channel | undefined;
  #missed: Waiting[] = [];
  #leftAtMs: number;

  constructor(accountId: string, clock: Clock, replayMs: number) {
    this.accountId = accountId;
    this.#clock = clock;
    this.#replayMs = replayMs;
    this.#leftAtMs = clock.now().getTime();
  }

  /** Takes over from an earlier connection. */
  attach(channel: Channel): void {
    this.#channel = channel;
  }

  /** Sends what the client missed. */
  async replay(): Promise<void> {
    const oldestMs = this.#clock.now().getTime() - this.#replayMs;
    const missed = this.#missed.filter(({ atMs }) => atMs >= oldestMs);
    this.#missed = [];
    for (const { text, atMs } of missed) await this.#send(text, atMs);
  }

  detach(channel: Channel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#leftAtMs = this.#clock.now().getTime();
  }

  async send(text: string): Promise<void> {
    await this.#send(text, this.#clock.now().getTime());
  }

  isOver(nowMs: number): boolean {
    return this.#channel === undefined && nowMs - this.#leftAtMs > this.#replayMs;
  }

  async #send(text: string, atMs: number): Promise<void> {
    const isSent = (await this.#channel?.(text)) === true;
    if (!isSent && this.#missed.length < mostWaiting) this.#missed.push({ text, atMs });
  }
}

/** The sessions of this process. */
export class Sessions {
  readonly #clock: Clock;
  readonly #replayMs: number;
  readonly #byId = new Map<string, Session>();

  constructor(clock: Clock, replayMs: number) {
    this.#clock = clock;
    this.#replayMs = replayMs;
  }

  /** The account's session of that id while it is remembered, otherwise a new one. */
  open(accountId: string, id: string | undefined): Session {
    const nowMs = this.#clock.now().getTime();
    for (const [key, session] of this.#byId) if (session.isOver(nowMs)) this.#byId.delete(key);
    const known = id === undefined ? undefined : this.#byId.get(id);
    if (known !== undefined && known.accountId === accountId) return known;
    const session = new Session(accountId, this.#clock, this.#replayMs);
    this.#byId.set(session.id, session);
    return session;
  }
}
