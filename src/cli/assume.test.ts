import { describe, expect, it } from "vitest";
import { readAssumptions } from "./assume.ts";
import { parseOptions } from "./options.ts";

describe("--assume", () => {
  it("reads every finding by the name that the plan prints", () => {
    const typed = [
      "scan=progressive",
      "fields=bottom_first",
      "cadence=on_twos",
      "enlarged=640x360",
      "blockiness=0.4",
      "ringing=none",
    ];
    const more = [
      "noise=6",
      "grain=2.5",
      "banding=0",
      "flicker=none",
      "letterbox=60,60,0,0",
      "monochrome=yes",
      "faded=no",
      "cuts=0",
    ];
    expect(parseOptions({ assume: [...typed, ...more] }).request.assume).toEqual({
      scan: "progressive",
      fields: "bottom_first",
      cadence: "on_twos",
      enlarged: { width: 640, height: 360 },
      blockiness: 0.4,
      ringing: 0,
      noise: 6,
      grain: 2.5,
      banding: 0,
      flicker: 0,
      letterbox: { top: 60, bottom: 60, left: 0, right: 0 },
      monochrome: true,
      faded: false,
      cuts: 0,
    });
  });

  it("leaves the request without it when nothing is assumed", () => {
    expect(parseOptions({}).request).not.toHaveProperty("assume");
  });

  it.each([
    ["noise=loud", "--assume noise takes none, or a number from 0 to 64, not loud"],
    ["noise=65", "--assume noise takes none, or a number from 0 to 64, not 65"],
    ["noise", "--assume noise takes none, or a number from 0 to 64, not nothing"],
    ["scan=wavy", "--assume scan takes progressive, interlaced, telecined, not wavy"],
    [
      "letterbox=60,60",
      "--assume letterbox takes none, or the lines at top, bottom, left and right, such as 60,60,0,0, not 60,60",
    ],
    ["enlarged=0x0", "--assume enlarged takes none, or the size from which it was, such as 640x360, not 0x0"],
    ["cuts=1.5", "--assume cuts takes a whole number, 0 for one shot, not 1.5"],
    ["faded=maybe", "--assume faded takes yes or no, not maybe"],
  ])("refuses %s in one phrase", (text, problem) => {
    const problems: string[] = [];
    readAssumptions([text], (phrase) => problems.push(phrase));
    expect(problems).toEqual([problem]);
  });

  it("names the findings there are, and every wrong one at once", () => {
    expect(() => parseOptions({ assume: ["wobble=1", "scan=upside"] })).toThrow(
      /one of scan, fields, cadence, .*, not wobble=1; --assume scan takes/,
    );
    expect(() => parseOptions({ assume: ["__proto__=1"] })).toThrow(/not __proto__=1/);
  });
});
