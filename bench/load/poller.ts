import { Agent, get } from "node:http";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { summarize } from "./latencies.ts";

// Asks for the state of many jobs, each at its own pace, until the parent lets go; at the lowest priority, since whoever
// polls is usually on another machine. Says then what it reached.

const Order = z.object({ urls: z.array(z.url()).min(1), everyMs: z.number().positive(), connections: z.int().positive() });
export type PollOrder = z.infer<typeof Order>;

export const PollReport = z.object({
  seconds: z.number(),
  answers: z.int(),
  failures: z.int(),
  cpuSeconds: z.number(),
  p50: z.number(),
  p99: z.number(),
  max: z.number(),
});
export type PollReport = z.infer<typeof PollReport>;

async function poll({ urls, everyMs, connections }: PollOrder, signal: AbortSignal): Promise<PollReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const milliseconds: number[] = [];
  let failures = 0;
  const began = performance.now();
  const follow = async (url: string, place: number): Promise<void> => {
    await sleep(place * everyMs);
    while (!signal.aborted) {
      const asked = performance.now();
      if (await isAnswered(url, agent)) milliseconds.push(performance.now() - asked);
      else failures += 1;
      await sleep(Math.max(0, everyMs - (performance.now() - asked)));
    }
  };
  await Promise.all(urls.map((url, index) => follow(url, index / urls.length)));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  const { user, system } = process.cpuUsage();
  return { seconds, answers: milliseconds.length, failures, cpuSeconds: (user + system) / 1e6, ...summarize(milliseconds) };
}

/** Whether the job's state came. */
function isAnswered(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent, headers: { authorization: "Key bench" } }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200 || response.statusCode === 202));
      response.on("error", () => resolve(false));
    });
    request.on("error", () => resolve(false));
  });
}

if (process.send !== undefined) {
  setPriority(19);
  const stopping = new AbortController();
  process.once("message", (order) => {
    process.once("message", () => stopping.abort());
    void poll(Order.parse(order), stopping.signal).then((report) => process.send?.(report, () => process.disconnect()));
  });
}
