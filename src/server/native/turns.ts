import { AppError } from "../../domain/errors.ts";

/** How much an account may have under way at once of something that costs this machine. */
export class Turns {
  readonly #most: number;
  readonly #what: string;
  readonly #open = new Map<string, number>();

  /** `what`: in the plural, for who asks for too many. */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Held until it is disposed.  Throws: AppError `rate_limited`. */
  take(accountId: string): Disposable {
    const open = this.#open.get(accountId) ?? 0;
    if (open >= this.#most) {
      throw new AppError(
        "rate_limited",
        `${this.#most} ${this.#what} of this account are under way already; try again in a moment.`,
        {
          details: { retryAfterSeconds: 1 },
          retryable: true,
        },
      );
    }
    this.#open.set(accountId, open + 1);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        const rest = (this.#open.get(accountId) ?? 1) - 1;
        if (rest > 0) this.#open.set(accountId, rest);
        else this.#open.delete(accountId);
      },
    };
  }
}
