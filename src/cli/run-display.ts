import type { RunEvent } from "../engine/session.ts";
import type { Output } from "./output.ts";
import { formatBar, formatLogLine, LogPace, ProgressMeter } from "./progress.ts";
import { countOf } from "./units.ts";

const redrawMs = 100;

/** Shows a run's events: a moving bar on a terminal, a line now and then in a log. Knows how far the run came. */
export class RunDisplay {
  readonly #output: Output;
  readonly #label: string;
  readonly #nowMs: () => number;
  readonly #meter = new ProgressMeter();
  readonly #pace = new LogPace();
  #lastDrawnMs = -Infinity;
  #segments = 0;
  #segmentUnderWay: number | undefined;
  #finished = 0;

  constructor(output: Output, label: string, nowMs: () => number = () => performance.now()) {
    this.#output = output;
    this.#label = label;
    this.#nowMs = nowMs;
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case "planned": {
        const { plan, model } = event.inspection;
        this.#segments = plan.segments.length;
        const { width, height } = plan.outputSize;
        const from = plan.source.uprightSize;
        const how = plan.network === undefined ? "resampled" : model.id;
        const facts = `${from.width}x${from.height} to ${width}x${height}, ${countOf(plan.time.frames, "frame")}, ${how}`;
        this.#output.note(`${this.#label}: ${facts}`);
        for (const damage of plan.damage) this.#output.note(`damaged input: ${damage}`);
        return;
      }
      case "segment_reused":
        this.#finished = event.index + 1;
        this.#output.note(`${this.#label}: segment ${event.index + 1} of ${this.#segments} was finished earlier, kept`);
        return;
      case "segment_started":
        this.#segments = event.of;
        this.#endSegment(event.index);
        this.#segmentUnderWay = event.index;
        return;
      case "progress":
        this.#showProgress(event);
        return;
      case "assembling":
        this.#endSegment(this.#segments);
        this.#showPhase("joining picture, sound and the rest");
        return;
      case "verifying":
        this.#showPhase("checking the result against the source");
    }
  };

  /** What a stopped run leaves, as a sentence for the user. */
  describeStop(): string {
    if (this.#finished === 0) return "Stopped; no segment was finished yet, nothing is left behind.";
    return (
      `Stopped; ${this.#finished} of ${countOf(this.#segments, "segment")} finished and kept: ` +
      `give the same command again to go on from there.`
    );
  }

  /** True once the run has begun its first segment and finished none: what is on disk is of no use to anyone. */
  get hasNothingToKeep(): boolean {
    return this.#segmentUnderWay === 0;
  }

  #endSegment(finished: number): void {
    const last = this.#segmentUnderWay;
    this.#finished = finished;
    this.#segmentUnderWay = undefined;
    if (last !== undefined && this.#output.liveWidth === undefined) {
      this.#output.note(`${this.#label}: segment ${last + 1} of ${this.#segments} finished`);
    }
  }

  #showProgress(progress: { framesDone: number; framesTotal: number }): void {
    const now = this.#nowMs();
    this.#meter.update(progress, now);
    const width = this.#output.liveWidth;
    if (width === undefined) {
      if (this.#pace.isDue(this.#meter.share, now)) this.#output.note(`${this.#label}: ${formatLogLine(this.#meter)}`);
    } else if (now - this.#lastDrawnMs >= redrawMs) {
      this.#lastDrawnMs = now;
      this.#output.live(formatBar(this.#meter, width));
    }
  }

  #showPhase(phase: string): void {
    if (this.#output.liveWidth === undefined) this.#output.note(`${this.#label}: ${phase}`);
    else this.#output.live(phase);
  }
}
