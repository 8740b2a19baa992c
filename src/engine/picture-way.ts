import { rescaleTicks } from "../domain/rational.ts";
import type { DecodeStats } from "../media/decode.ts";
import type { VideoFrame } from "../media/frame.ts";
import type { Timeline } from "../media/timeline.ts";
import type { Thumbnail } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { Segment } from "./segments.ts";
import type { Network } from "./stages/enhance.ts";
import { Enlarger, type OutputRange } from "./stages/enlarge.ts";
import { Restorer, type SourceRange } from "./stages/restored.ts";
import type { StageFacts } from "./stages/stage.ts";

export type PictureWayOptions = {
  readonly inputPath: string;
  readonly timeline: Pick<Timeline, "frameTicks" | "keyTicks">;
  readonly segment: Pick<Segment, "index" | "fromTicks" | "untilTicks">;
  readonly framesInFlight: number;
  readonly decodeThreads: number;
  /** Told of each picture that goes into the network, in order. */
  readonly onSource: (ticks: bigint, look: Thumbnail) => void;
  readonly stats?: DecodeStats;
  readonly signal?: AbortSignal;
};

/** The way of a segment's pictures from the file to the encoder. The stages see as much of the source around the segment as
 *  they need, so that its frames are the same wherever segments are cut. One object runs once.  Owns: its stages. */
export class PictureWay implements Disposable {
  readonly #plan: Plan;
  readonly #restorer: Restorer;
  readonly #enlarger: Enlarger;

  constructor(plan: Plan, network: Network | undefined) {
    using opening = new DisposableStack();
    this.#plan = plan;
    this.#restorer = opening.use(new Restorer(plan));
    this.#enlarger = opening.use(new Enlarger(plan, network));
    opening.move();
  }

  /** Owns: the consumer owns each frame. */
  run(options: PictureWayOptions): AsyncGenerator<VideoFrame> {
    const { inputPath, timeline, segment, framesInFlight, onSource, stats, signal } = options;
    const restored = this.#restorer.run({
      path: inputPath,
      timeline,
      range: sourceRange(segment),
      margin: this.#enlarger.margin,
      threads: options.decodeThreads,
      canSeek: true,
      ...(stats !== undefined && { stats }),
      ...(signal !== undefined && { signal }),
    });
    return this.#enlarger.run(restored, { range: this.#outputRange(segment), framesInFlight, onSource });
  }

  /** By stage: what it measured of the segment's own frames. */
  facts(segment: PictureWayOptions["segment"]): Readonly<Record<string, StageFacts>> {
    const own = this.#outputRange(segment);
    return { ...this.#restorer.facts(own), ...this.#enlarger.facts(own) };
  }

  #outputRange(segment: PictureWayOptions["segment"]): OutputRange {
    const { sourceTimeBase, timeBase } = this.#plan.time;
    const { fromTicks, untilTicks } = sourceRange(segment);
    const convert = (ticks: bigint | undefined): bigint | undefined =>
      ticks === undefined ? undefined : rescaleTicks(ticks, sourceTimeBase, timeBase);
    return { fromTicks: convert(fromTicks), untilTicks: convert(untilTicks) };
  }

  [Symbol.dispose](): void {
    this.#restorer[Symbol.dispose]();
    this.#enlarger[Symbol.dispose]();
  }
}

/** The first segment takes what a decoder gives before the first time that packets tell. */
function sourceRange({ index, fromTicks, untilTicks }: PictureWayOptions["segment"]): SourceRange {
  return { fromTicks: index > 0 ? fromTicks : undefined, untilTicks };
}
