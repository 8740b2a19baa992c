import { describe, expect, it } from "vitest";
import { formatBar, formatLogLine, LogPace, ProgressMeter } from "./progress.ts";

function meterAfter(framesDone: number, milliseconds: number, firstFrame = 1): ProgressMeter {
  const meter = new ProgressMeter();
  meter.update({ framesDone: firstFrame, framesTotal: 200 }, 1_000);
  meter.update({ framesDone, framesTotal: 200 }, 1_000 + milliseconds);
  return meter;
}

describe("ProgressMeter", () => {
  it("counts speed from the first frame of this run, not those of an earlier one", () => {
    const meter = meterAfter(150, 5_000, 100);
    expect(meter.framesPerSecond).toBe(10);
    expect(meter.secondsLeft).toBe(5);
    expect(meter.share).toBe(0.75);
  });

  it("says nothing of speed after one frame", () => {
    const meter = new ProgressMeter();
    meter.update({ framesDone: 1, framesTotal: 200 }, 0);
    expect(meter.framesPerSecond).toBeUndefined();
    expect(formatLogLine(meter)).toBe("0%, 1/200 frames");
  });
});

describe("formatBar", () => {
  it("shows bar, share, frames, speed and time left", () => {
    expect(formatBar(meterAfter(101, 10_000), 80)).toBe(
      `${"█".repeat(15)}${"░".repeat(15)}  50%  101/200 frames  10 fps  0:10 left`,
    );
  });

  it.each([20, 40, 60, 80, 200])("fits a terminal %i columns wide", (width) => {
    expect(formatBar(meterAfter(101, 10_000), width).length).toBeLessThan(width);
  });

  it("is full at the end, and no fuller when the container announced too few frames", () => {
    expect(formatBar(meterAfter(250, 10_000), 100)).toContain("█".repeat(30));
  });
});

describe("LogPace", () => {
  it("lets a line through at each tenth, but not in quick succession, and after half a minute", () => {
    const pace = new LogPace();
    const due = [
      [0.01, 1_000],
      [0.12, 1_500],
      [0.13, 3_500],
      [0.14, 6_000],
      [0.15, 34_000],
      [0.9, 37_000],
    ].map(([share = 0, nowMs = 0]) => pace.isDue(share, nowMs));
    expect(due).toEqual([false, false, true, false, true, true]);
  });
});
