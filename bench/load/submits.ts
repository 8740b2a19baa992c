import { setTimeout as sleep } from "node:timers/promises";
import { type Latencies, summarize } from "./latencies.ts";
import type { Submit } from "./requests.ts";

export type SubmitOptions = { readonly ratePerSecond: number; readonly seconds: number };

export type SubmitResult = {
  readonly sent: number;
  readonly accepted: number;
  /** From the moment at which each was due, not from when this process came to send it. */
  readonly latencies: Latencies;
  /** Submits that were not answered yet, at most. */
  readonly mostOpen: number;
  /** From the first due moment to the last answer. */
  readonly elapsedSeconds: number;
};

/** Sends submits at fixed moments, whether earlier ones were answered or not. */
export async function measureSubmits(submit: Submit, { ratePerSecond, seconds }: SubmitOptions): Promise<SubmitResult> {
  const milliseconds: number[] = [];
  const answers: Promise<void>[] = [];
  const count = { accepted: 0, open: 0, mostOpen: 0 };
  const total = Math.round(ratePerSecond * seconds);
  const began = performance.now();
  const send = async (due: number): Promise<void> => {
    count.open += 1;
    count.mostOpen = Math.max(count.mostOpen, count.open);
    try {
      const response = await fetch(submit.url, submit.init);
      await response.arrayBuffer();
      if (response.status === submit.acceptedStatus) count.accepted += 1;
    } finally {
      count.open -= 1;
      milliseconds.push(performance.now() - due);
    }
  };
  for (let index = 0; index < total; index += 1) {
    const due = began + (index * 1000) / ratePerSecond;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    answers.push(send(due));
  }
  // One that is refused or cut off is not accepted; its time counts all the same.
  await Promise.allSettled(answers);
  const elapsedSeconds = (performance.now() - began) / 1000;
  const { accepted, mostOpen } = count;
  return { sent: total, accepted, latencies: summarize(milliseconds), mostOpen, elapsedSeconds };
}
