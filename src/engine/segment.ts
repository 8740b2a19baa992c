import { mapConcurrent, prefetch } from "../core/async.ts";
import { decodeVideo, type DecodeStats, newDecodeStats } from "../media/decode.ts";
import { VideoEncoder } from "../media/encode.ts";
import type { VideoFrame } from "../media/frame.ts";
import { type SegmentIndex, writeSegment } from "../media/segment-file.ts";
import { changedShare, isBlack, type Thumbnail, thumbnail } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { Segment } from "./segments.ts";
import { Enhancer, type Network } from "./stages/enhance.ts";
import { prepare } from "./stages/prepare.ts";

/** What was measured while a segment was made; kept with it, so that a resumed run reports the same. */
export type SegmentFacts = {
  readonly frames: number;
  readonly decode: DecodeStats;
  /** Frames that are black in the output and not in the source. */
  readonly blackFrames: number;
  /** Frames that stand still in the output while the source moves. */
  readonly frozenFrames: number;
  readonly wallSeconds: number;
  readonly extradata: string;
};

export type SegmentRun = {
  readonly inputPath: string;
  readonly plan: Plan;
  readonly segment: Segment;
  readonly network: Network | undefined;
  readonly basePath: string;
  readonly framesInFlight: number;
  readonly decodeThreads: number;
  readonly onFrame?: () => void;
  readonly signal?: AbortSignal;
};

/** Decodes, enhances and encodes one segment and commits it to disk. */
export async function runSegment(run: SegmentRun): Promise<SegmentIndex<SegmentFacts>> {
  const { plan, segment, network, signal } = run;
  const started = performance.now();
  const stats = newDecodeStats();
  const watch = new FrameWatch(plan.work.bitDepth);
  using encoder = await VideoEncoder.open(plan.encode);
  using enhancer = new Enhancer(plan, network);
  const decoded = decodeVideo({
    path: run.inputPath,
    streamIndex: plan.source.streamIndex,
    threads: run.decodeThreads,
    stats,
    ...(segment.index > 0 && { fromTicks: segment.fromTicks }),
    ...(segment.seekTicks !== undefined && { seekTicks: segment.seekTicks }),
    ...(segment.untilTicks !== undefined && { untilTicks: segment.untilTicks }),
    ...(signal !== undefined && { signal }),
  });
  const enhanced = mapConcurrent(prefetch(prepare(decoded, plan), 2), run.framesInFlight, async (frame) => {
    const before = thumbnail(frame, plan.work.bitDepth);
    return new EnhancedPair(before, await enhancer.enhance(frame));
  });
  const packets = encoder.encode(watch.pass(enhanced, run.onFrame), signal);
  return await writeSegment(run.basePath, packets, () => ({
    frames: watch.frames,
    decode: stats,
    blackFrames: watch.blackFrames,
    frozenFrames: watch.frozenFrames,
    wallSeconds: (performance.now() - started) / 1000,
    extradata: encoder.extradata(),
  }));
}

/** A source picture's thumbnail with what became of it. Owns: the frame. */
class EnhancedPair implements Disposable {
  readonly before: Thumbnail;
  readonly frame: VideoFrame;

  constructor(before: Thumbnail, frame: VideoFrame) {
    this.before = before;
    this.frame = frame;
  }

  [Symbol.dispose](): void {
    this.frame[Symbol.dispose]();
  }
}

/** Compares each output picture with its source coarsely, on the way to the encoder. */
class FrameWatch {
  frames = 0;
  blackFrames = 0;
  frozenFrames = 0;
  readonly #bitDepth: number;
  #last: { before: Thumbnail; after: Thumbnail } | undefined;

  constructor(bitDepth: number) {
    this.#bitDepth = bitDepth;
  }

  async *pass(pairs: AsyncIterable<EnhancedPair>, onFrame?: () => void): AsyncGenerator<VideoFrame> {
    for await (const { before, frame } of pairs) {
      const after = thumbnail(frame, this.#bitDepth);
      this.frames += 1;
      if (isBlack(after, this.#bitDepth) && !isBlack(before, this.#bitDepth)) this.blackFrames += 1;
      if (this.#last !== undefined) {
        const moved = changedShare(this.#last.before, before, this.#bitDepth);
        if (moved > 0.2 && changedShare(this.#last.after, after, this.#bitDepth) === 0) this.frozenFrames += 1;
      }
      this.#last = { before, after };
      onFrame?.();
      yield frame;
    }
  }
}
