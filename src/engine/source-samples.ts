import { rescaleTicks } from "../domain/rational.ts";
import { decodeVideo } from "../media/decode.ts";
import type { VideoFrame } from "../media/frame.ts";
import type { Timeline } from "../media/timeline.ts";
import { lostFrame } from "./lost-frame.ts";
import type { Plan } from "./plan.ts";
import { lastKeyUntil } from "./segments.ts";
import { Restorer } from "./stages/restored.ts";
import { noContext } from "./stages/stage.ts";

export type SamplesQuestion = {
  readonly path: string;
  readonly plan: Plan;
  readonly timeline: Pick<Timeline, "frameTicks" | "keyTicks">;
  /** Of restored pictures, rising, in the output's time base. */
  readonly ticks: readonly bigint[];
  readonly canSeek: boolean;
};

/** Restored pictures to be made, rising, and the decoded frames they take: `firstTicks` to `lastTicks`, in source ticks. */
type Stretch = { readonly wanted: readonly bigint[]; readonly firstTicks: bigint; readonly lastTicks: bigint };

/** The source's restored pictures at single times. The stages run on what is around these, not on everything between.
 *  Owns: the caller disposes them. */
export async function* restoredAt(question: SamplesQuestion): AsyncGenerator<VideoFrame> {
  const { path, plan, timeline, canSeek } = question;
  const groups = Map.groupBy(stretchesOf(question), ({ firstTicks }) =>
    canSeek ? lastKeyUntil(timeline.keyTicks, firstTicks) : undefined,
  );
  for (const [seekTicks, stretches] of groups) {
    const decoded = decodeVideo({
      path,
      streamIndex: plan.source.streamIndex,
      threads: 0,
      ...(seekTicks !== undefined && { seekTicks }),
    });
    try {
      for (const stretch of stretches) yield* restoreStretch(path, plan, decoded, stretch);
    } finally {
      await decoded.return(undefined);
    }
  }
}

/** One stretch for what overlaps, so that no frame is restored twice. */
function stretchesOf({ plan, timeline: { frameTicks }, ticks }: SamplesQuestion): readonly Stretch[] {
  using restorer = new Restorer(plan);
  const { before, after } = restorer.context(noContext);
  const stretches: Stretch[] = [];
  for (const wanted of ticks) {
    const sourceTicks = rescaleTicks(wanted, plan.time.timeBase, plan.time.sourceTimeBase);
    const index = frameTicks.findLastIndex((time) => time <= sourceTicks);
    const at = (offset: number): bigint =>
      offset === 0 ? sourceTicks : (frameTicks[Math.min(frameTicks.length - 1, Math.max(0, index + offset))] ?? sourceTicks);
    const [firstTicks, lastTicks] = [at(-before), at(after)];
    const last = stretches.at(-1);
    if (last === undefined || firstTicks > last.lastTicks) stretches.push({ wanted: [wanted], firstTicks, lastTicks });
    else stretches.splice(-1, 1, { wanted: [...last.wanted, wanted], firstTicks: last.firstTicks, lastTicks });
  }
  return stretches;
}

async function* restoreStretch(
  path: string,
  plan: Plan,
  decoded: AsyncGenerator<VideoFrame>,
  stretch: Stretch,
): AsyncGenerator<VideoFrame> {
  using restorer = new Restorer(plan);
  const wanted = [...stretch.wanted];
  for await (const frame of restorer.restore(framesOf(decoded, stretch))) {
    const [next] = wanted;
    if (next === undefined || frame.pts < next) {
      frame[Symbol.dispose]();
      continue;
    }
    wanted.shift();
    yield frame;
  }
  if (wanted.length > 0) throw lostFrame(path, wanted[0] ?? 0n);
}

/** Takes a stretch's frames from a decoding that goes on with the next one. */
async function* framesOf(decoded: AsyncGenerator<VideoFrame>, { firstTicks, lastTicks }: Stretch): AsyncGenerator<VideoFrame> {
  for (;;) {
    const next = await decoded.next();
    if (next.done === true) return;
    const { pts } = next.value; // the consumer may change it
    if (pts < firstTicks) {
      next.value[Symbol.dispose]();
      continue;
    }
    yield next.value;
    if (pts >= lastTicks) return;
  }
}
