import { Readable } from "node:stream";
import type { FastifyPluginAsync } from "fastify";
import type { Clock } from "../../core/clock.ts";
import type { Job } from "../../domain/job.ts";
import type { JobFeed } from "../../jobs/change-feed.ts";
import { accountOf } from "../auth.ts";
import { createJobEncoder } from "./job-encoder.ts";
import type { NativeParts } from "./parts.ts";
import { Turns } from "./turns.ts";
import type { JobDocument } from "./wire.ts";

const mostStreams = 20;

/** GET /api/events: all jobs of the caller's account, as server-sent events, taken up again after a break. */
export function accountEventRoutes(parts: NativeParts): FastifyPluginAsync {
  const streams = new Turns(mostStreams, "streams");
  return async (app) => {
    app.get("/api/events", async (request, reply) => {
      const account = await accountOf(request, parts.accounts);
      const stream = streams.take(account.id);
      const left = new AbortController();
      reply.raw.once("close", () => {
        left.abort();
        stream[Symbol.dispose]();
      });
      reply.headers({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
      const options = {
        feed: parts.feed,
        clock: parts.clock,
        accountId: account.id,
        from: parseEventId(request.headers["last-event-id"]),
        encode: createJobEncoder(parts, request),
        signal: AbortSignal.any([left.signal, parts.closing]),
      };
      return await reply.send(Readable.from(renderChanges(options), { objectMode: false }));
    });
  };
}

function parseEventId(header: string | readonly string[] | undefined): bigint | undefined {
  return typeof header === "string" && /^\d{1,18}$/.test(header) ? BigInt(header) : undefined;
}

export type ChangeStreamOptions = {
  readonly feed: JobFeed;
  readonly clock: Clock;
  readonly accountId: string;
  /** The id of the last event that was seen; undefined: from now on. */
  readonly from: bigint | undefined;
  readonly encode: (job: Job) => Promise<JobDocument>;
  readonly signal: AbortSignal;
};

/** Between two looks for changes of other processes. */
const lookEveryMs = 1000;
/** Bursts are merged. */
const restMs = 250;
/** A transaction that began before a look has ended by then, or its changes are not told until the next ones. */
const settleMs = 5_000;
const keepAliveMs = 15_000;
const batch = 500;

/** Whole jobs as they are after changes. Numbers of changes are given out before transactions end, so that lower ones may
 *  appear later: looks overlap, and events carry the number up to which all was surely told. */
export async function* renderChanges(options: ChangeStreamOptions): AsyncGenerator<string> {
  const { feed, clock, accountId, signal } = options;
  let changed = new AbortController();
  using owned = new DisposableStack();
  owned.use(feed.onChange(() => changed.abort()));
  const told = new Map<string, bigint>();
  const settling: { readonly change: bigint; readonly atMs: number }[] = [];
  const last = await feed.last(accountId);
  // An id from before the data was replaced may be higher than any now.
  let floor = options.from !== undefined && options.from < last ? options.from : last;
  yield formatEvent("hello", floor, {});
  let saidAtMs = clock.now().getTime();
  for (;;) {
    // Renewed before looking: a change during the look leads to another look.
    changed = new AbortController();
    let after = floor;
    for (;;) {
      const found = await feed.changed(accountId, after, batch);
      for (const item of found) {
        after = item.change;
        if ((told.get(item.job.id) ?? -1n) >= item.change) continue;
        told.set(item.job.id, item.change);
        yield item.isRemoved
          ? formatEvent("removed", floor, { id: item.job.id })
          : formatEvent("job", floor, await options.encode(item.job));
        saidAtMs = clock.now().getTime();
        if (signal.aborted) return;
      }
      if (found.length < batch) break;
    }
    const nowMs = clock.now().getTime();
    if (after > (settling.at(-1)?.change ?? floor)) settling.push({ change: after, atMs: nowMs });
    floor = settle(settling, nowMs) ?? floor;
    for (const [id, change] of told) if (change <= floor) told.delete(id);
    if (nowMs - saidAtMs >= keepAliveMs) {
      yield ": still here\n\n";
      saidAtMs = nowMs;
    }
    await clock.sleep(restMs, signal);
    await clock.sleep(lookEveryMs - restMs, AbortSignal.any([signal, changed.signal]));
    if (signal.aborted) return;
  }
}

/** Takes off what is old enough; the highest of it. */
function settle(settling: { readonly change: bigint; readonly atMs: number }[], nowMs: number): bigint | undefined {
  let highest: bigint | undefined;
  for (let [first] = settling; first !== undefined && nowMs - first.atMs >= settleMs; [first] = settling) {
    highest = first.change;
    settling.shift();
  }
  return highest;
}

function formatEvent(name: string, id: bigint, data: object): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
