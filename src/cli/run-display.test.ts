import { describe, expect, it } from "vitest";
import { Output } from "./output.ts";
import { RunDisplay } from "./run-display.ts";

function listen(options: { isTTY: boolean }): { output: Output; text: () => string } {
  let text = "";
  const stream = {
    ...options,
    columns: 80,
    write: (part: string): boolean => {
      text += part;
      return true;
    },
  };
  return {
    output: new Output({ stdout: stream, stderr: stream, isJson: false, isQuiet: false, isDebug: false }),
    text: () => text,
  };
}

describe.each([{ isTTY: true }, { isTTY: false }])("RunDisplay with %j", (options) => {
  it("says which segments were kept", () => {
    const { output, text } = listen(options);
    const display = new RunDisplay(output, "a.mp4", () => 0);
    display.onEvent({ type: "segment_started", index: 0, of: 4 });
    display.onEvent({ type: "segment_reused", index: 2, frames: 125 });
    expect(text()).toContain("segment 3 of 4 was finished earlier, kept\n");
  });

  it("knows what a stop leaves behind", () => {
    const { output } = listen(options);
    const display = new RunDisplay(output, "a.mp4", () => 0);
    display.onEvent({ type: "segment_started", index: 0, of: 3 });
    expect(display.hasNothingToKeep).toBe(true);
    expect(display.describeStop()).toMatch(/no segment was finished yet/);
    display.onEvent({ type: "segment_started", index: 1, of: 3 });
    expect(display.hasNothingToKeep).toBe(false);
    expect(display.describeStop()).toMatch(/^Stopped; 1 of 3 segments finished and kept/);
  });
});

it("draws on one line on a terminal and clears it before the next", () => {
  const { output, text } = listen({ isTTY: true });
  let now = 0;
  const display = new RunDisplay(output, "a.mp4", () => (now += 1_000));
  display.onEvent({ type: "progress", framesDone: 1, framesTotal: 10 });
  display.onEvent({ type: "progress", framesDone: 5, framesTotal: 10 });
  output.result("done");
  expect(text().split("\n")).toHaveLength(2);
  const clear = "\r\u001b[K";
  const half = `${"█".repeat(15)}${"░".repeat(15)}`;
  expect(text().endsWith(`${clear}${half}  50%  5/10 frames  4.0 fps  0:02 left${clear}done\n`)).toBe(true);
});
