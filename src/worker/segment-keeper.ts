import type { Clock } from "../core/clock.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import type { SegmentBoard, SegmentClaim } from "../jobs/segment-board.ts";

const renewEveryMs = 1000;
/** Somewhat less than what the board waits for before it gives the segment to another worker. */
const leaseMs = 9000;

export type SegmentKeeperOptions = {
  readonly board: SegmentBoard;
  readonly claim: SegmentClaim;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Renews the right to make a segment every second, with the frames done, until disposed; `lost` aborts once it is gone.
 *  Owns: its timer. */
export class SegmentKeeper implements AsyncDisposable {
  framesDone = 0;
  readonly #options: SegmentKeeperOptions;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  readonly #loop: Promise<void>;

  constructor(options: SegmentKeeperOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async #run(): Promise<void> {
    const { board, claim, clock, logger } = this.#options;
    let heldAtMs = clock.now().getTime();
    for (;;) {
      await clock.sleep(renewEveryMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      const isHeld = await board.renew(claim, this.framesDone).catch((error: unknown) => {
        logger.warn("segment not renewed", errorFacts(error));
        return undefined;
      });
      const nowMs = clock.now().getTime();
      if (isHeld === true) heldAtMs = nowMs;
      if (isHeld === false || nowMs - heldAtMs > leaseMs) {
        this.#lost.abort(new Error("the segment is another worker's now"));
        return;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }
}
