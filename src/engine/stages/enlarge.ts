import { mapConcurrent, prefetch } from "../../core/async.ts";
import { secondsToTicks } from "../../domain/rational.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { type Thumbnail, thumbnail } from "../measure.ts";
import type { Plan } from "../plan.ts";
import { gridWithin, snapToGrid } from "../time.ts";
import { Enhancer, type Network } from "./enhance.ts";
import { FrameInterpolator, FramePair } from "./interpolate.ts";
import { openInterpolator, openStages, type OpenStage, sourcePicture } from "./open-stages.ts";
import { factsOf } from "./restored.ts";
import { markNeeded, nearestFrames, neededFrames, standingStill, type WantedTicks } from "./retime.ts";
import { noContext, type StageContext, type StageFacts } from "./stage.ts";
import { Surrounded, Surrounder } from "./surround.ts";

/** The frames to write, in output ticks: `fromTicks <= t < untilTicks`; undefined: without end on that side. */
export type OutputRange = { readonly fromTicks: bigint | undefined; readonly untilTicks: bigint | undefined };

export type EnlargeOptions = {
  readonly range: OutputRange;
  readonly framesInFlight: number;
  /** Told of each picture that goes into the network, in order. */
  readonly onSource: (ticks: bigint, look: Thumbnail) => void;
};

/** Makes the output's frames of restored pictures: enhances each one that is needed once, makes the frames of the
 *  output's rate from them and finishes these. One object runs once.  Owns: its stages and resamplers. */
export class Enlarger implements Disposable {
  readonly #plan: Plan;
  readonly #network: Network | undefined;
  readonly #enhancer: Enhancer;
  readonly #interpolator: FrameInterpolator | undefined;
  readonly #stages: readonly OpenStage[];
  readonly #surrounder: Surrounder | undefined;

  constructor(plan: Plan, network: Network | undefined) {
    using opening = new DisposableStack();
    this.#plan = plan;
    this.#network = network;
    this.#enhancer = opening.use(new Enhancer(plan, network));
    this.#interpolator = opening.use(openInterpolator(plan));
    this.#stages = openStages(plan, "output");
    const frames = this.#network?.kind === "luma" ? (this.#network.descriptor.frames ?? 1) : 1;
    this.#surrounder = frames > 1 ? new Surrounder(frames, sourcePicture(plan)) : undefined;
    opening.move();
  }

  /** Restored frames needed around the frames to write. */
  get margin(): StageContext {
    const retiming = this.#interpolator === undefined ? noContext : FrameInterpolator.context;
    const sum = (side: keyof StageContext): number =>
      this.#finishing[side] +
      (this.#surrounder?.context[side] ?? 0) +
      (this.#plan.time.grid === undefined ? 0 : 1 + retiming[side]);
    return { before: sum("before"), after: sum("after") };
  }

  get #finishing(): StageContext {
    const sum = (side: keyof StageContext): number => this.#stages.reduce((total, { stage }) => total + stage.context[side], 0);
    return { before: sum("before"), after: sum("after") };
  }

  /** Owns: takes each restored frame, yields the output's. */
  run(restored: AsyncIterable<VideoFrame>, options: EnlargeOptions): AsyncGenerator<VideoFrame> {
    const seen = this.#surrounder === undefined ? alone(restored) : this.#surrounder.run(restored);
    const { grid } = this.#plan.time;
    const made = grid === undefined ? this.#kept(seen, options) : this.#retimed(seen, this.#wanted(options.range), options);
    const finished = this.#stages.reduce((frames, { stage }) => stage.run(frames), made);
    return within(finished, options.range);
  }

  /** What the finishing stages measured of the frames of a range. */
  facts({ fromTicks, untilTicks }: OutputRange): Readonly<Record<string, StageFacts>> {
    const finishing = factsOf(this.#stages, fromTicks, untilTicks);
    const fidelity = this.#enhancer.fidelityFacts?.total(fromTicks, untilTicks);
    return {
      ...(fidelity !== undefined && { fidelity }),
      ...(this.#interpolator !== undefined && { interpolate: this.#interpolator.counts }),
      ...finishing,
    };
  }

  async *#kept(seen: AsyncGenerator<Surrounded>, options: EnlargeOptions): AsyncGenerator<VideoFrame> {
    const { before, after } = this.#finishing;
    // Without a stage that looks around, what lies outside of the range need not be enhanced.
    const chosen = before + after === 0 ? within(seen, options.range) : seen;
    yield* mapConcurrent(prefetch(chosen, 2), options.framesInFlight, (item) => this.#enhance(item, options));
  }

  async *#retimed(seen: AsyncGenerator<Surrounded>, wanted: WantedTicks, options: EnlargeOptions): AsyncGenerator<VideoFrame> {
    const interpolator = this.#interpolator;
    const { framesInFlight, range } = options;
    if (interpolator === undefined) {
      const needed = prefetch(neededFrames(seen, wanted), 2);
      const large = mapConcurrent(needed, framesInFlight, (item) => this.#enhance(item, options));
      yield* nearestFrames(large, wanted);
      return;
    }
    const marked = markNeeded(seen, range, FrameInterpolator.largeContext);
    const pairs = mapConcurrent(prefetch(marked, 2), framesInFlight, async ({ frame: item, isNeeded }) => {
      item.frame.pts = this.#onGrid(item.pts);
      if (!isNeeded) return new FramePair(item.frame, undefined);
      const small = item.frame.share();
      try {
        return new FramePair(small, await this.#enhance(item, options));
      } catch (error) {
        small[Symbol.dispose]();
        throw error;
      }
    });
    yield* interpolator.run(standingStill(pairs, this.#plan.time.timeBase), wanted(undefined, undefined));
  }

  #onGrid(ticks: bigint): bigint {
    const { grid, timeBase, sourceTimeBase } = this.#plan.time;
    return grid === undefined ? ticks : snapToGrid(ticks, grid, timeBase, sourceTimeBase);
  }

  /** Owns: takes the picture, returns the enhanced one. */
  #enhance({ frame, neighbours }: Surrounded, { onSource }: EnlargeOptions): Promise<VideoFrame> {
    onSource(frame.pts, thumbnail(frame, this.#plan.work.bitDepth));
    return this.#enhancer.enhance(frame, neighbours);
  }

  /** The times of the output's rate in the range, and around it as far as finishing stages look. */
  #wanted({ fromTicks, untilTicks }: OutputRange): WantedTicks {
    const { grid, timeBase } = this.#plan.time;
    if (grid === undefined) return () => [];
    const step = secondsToTicks(grid.rate.den / grid.rate.num, timeBase) + 1n;
    const lowest = fromTicks === undefined ? grid.firstTicks : fromTicks - BigInt(this.#finishing.before) * step;
    const end = grid.firstTicks + BigInt(grid.frames) * step;
    const highest = untilTicks === undefined ? end : untilTicks + BigInt(this.#finishing.after) * step;
    return (from = lowest, until = highest) => [
      ...gridWithin(grid, timeBase, {
        fromTicks: from > lowest ? from : lowest,
        untilTicks: until < highest ? until : highest,
      }),
    ];
  }

  [Symbol.dispose](): void {
    this.#enhancer[Symbol.dispose]();
    this.#interpolator?.[Symbol.dispose]();
    for (const { stage } of this.#stages) stage[Symbol.dispose]();
  }
}

async function* alone(frames: AsyncIterable<VideoFrame>): AsyncGenerator<Surrounded> {
  for await (const frame of frames) yield new Surrounded(frame, []);
}

/** Owns: takes each, yields those of the range. */
async function* within<T extends Disposable & { readonly pts: bigint }>(
  items: AsyncIterable<T>,
  { fromTicks, untilTicks }: OutputRange,
): AsyncGenerator<T> {
  for await (const item of items) {
    if (untilTicks !== undefined && item.pts >= untilTicks) {
      item[Symbol.dispose]();
      return;
    }
    if (fromTicks === undefined || item.pts >= fromTicks) yield item;
    else item[Symbol.dispose]();
  }
}
