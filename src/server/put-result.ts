import type { Clock } from "../core/clock.ts";
import { safeSend } from "../core/safe-send.ts";
import { putFile } from "../delivery/put-file.ts";
import { AppError } from "../domain/errors.ts";
import type { ObjectStore } from "../storage/object-store.ts";

export type PutResultParts = {
  readonly store: ObjectStore;
  readonly allowAddress: (address: string) => boolean;
  readonly clock: Clock;
};

const waitsMs = [1_000, 4_000];
const timeoutMs = 30 * 60_000;

/** Puts a stored result to an address of the caller's, in up to three attempts.
 *  Throws: AppError `upload_refused`. */
export function createPutResult({ store, allowAddress, clock }: PutResultParts) {
  return async (url: string, key: string, signal: AbortSignal): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await putFile({
          url: new URL(url),
          key,
          store,
          send: (target, options) => safeSend(target, { ...options, allowAddress }),
          timeoutMs,
          signal,
        });
        return;
      } catch (error) {
        signal.throwIfAborted();
        const waitMs = waitsMs[attempt];
        if (!(error instanceof AppError)) throw error;
        if (waitMs === undefined) throw new AppError("upload_refused", error.message, { cause: error });
        await clock.sleep(waitMs, signal);
      }
    }
  };
}
