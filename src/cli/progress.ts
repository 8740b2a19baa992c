import { formatClock } from "./units.ts";

export type FrameProgress = { readonly framesDone: number; readonly framesTotal: number };

/** Speed and time left of a run, counted from the first frame that this run makes itself. Pure: the caller tells the time. */
export class ProgressMeter {
  #first: { readonly framesDone: number; readonly atMs: number } | undefined;
  #latest: FrameProgress & { readonly atMs: number } = { framesDone: 0, framesTotal: 0, atMs: 0 };

  update(progress: FrameProgress, nowMs: number): void {
    this.#first ??= { framesDone: progress.framesDone, atMs: nowMs };
    this.#latest = { ...progress, atMs: nowMs };
  }

  get framesPerSecond(): number | undefined {
    if (this.#first === undefined) return undefined;
    const seconds = (this.#latest.atMs - this.#first.atMs) / 1000;
    const frames = this.#latest.framesDone - this.#first.framesDone;
    return seconds > 0 && frames > 0 ? frames / seconds : undefined;
  }

  get secondsLeft(): number | undefined {
    const speed = this.framesPerSecond;
    return speed === undefined ? undefined : Math.max(0, this.#latest.framesTotal - this.#latest.framesDone) / speed;
  }

  get share(): number {
    const { framesDone, framesTotal } = this.#latest;
    return framesTotal > 0 ? Math.min(1, framesDone / framesTotal) : 0;
  }

  get frames(): FrameProgress {
    return this.#latest;
  }
}

/** One line for a terminal `width` columns wide: bar, frames, speed, time left; the bar gives way first. */
export function formatBar(meter: ProgressMeter, width: number): string {
  const facts = factsOf(meter);
  const percent = `${Math.floor(meter.share * 100)}%`.padStart(4);
  const room = Math.min(30, width - facts.length - percent.length - 4);
  if (room < 5) return `${percent}  ${facts}`.slice(0, Math.max(0, width - 1));
  const filled = Math.round(meter.share * room);
  return `${"█".repeat(filled)}${"░".repeat(room - filled)} ${percent}  ${facts}`;
}

/** The same for a log, as plain words. */
export function formatLogLine(meter: ProgressMeter): string {
  return `${Math.floor(meter.share * 100)}%, ${factsOf(meter).replaceAll("  ", ", ")}`;
}

function factsOf(meter: ProgressMeter): string {
  const { framesDone, framesTotal } = meter.frames;
  const speed = meter.framesPerSecond;
  const left = meter.secondsLeft;
  return [
    `${framesDone}/${framesTotal} frames`,
    ...(speed === undefined ? [] : [`${speed.toFixed(speed < 10 ? 1 : 0)} fps`]),
    ...(left === undefined ? [] : [`${formatClock(left)} left`]),
  ].join("  ");
}

/** Decides when a log gets another line: every tenth of the work, and after half a minute without one. */
export class LogPace {
  #lastMs = 0;
  #lastTenth = 0;

  isDue(share: number, nowMs: number): boolean {
    const tenth = Math.floor(share * 10);
    if (this.#lastMs === 0) this.#lastMs = nowMs;
    const isDue = (tenth > this.#lastTenth && nowMs - this.#lastMs >= 2_000) || nowMs - this.#lastMs >= 30_000;
    if (isDue) {
      this.#lastMs = nowMs;
      this.#lastTenth = tenth;
    }
    return isDue;
  }
}
