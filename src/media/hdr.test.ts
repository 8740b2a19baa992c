import { expect, test } from "vitest";
import { masteringDisplayText, parseContentLight, parseMasteringDisplay } from "./hdr.ts";

// A P3-D65 display of 1000 cd/m², as most HDR10 films are mastered on.
const fractions = [
  [34_000, 50_000],
  [16_000, 50_000],
  [13_250, 50_000],
  [34_500, 50_000],
  [7500, 50_000],
  [3000, 50_000],
  [15_635, 50_000],
  [16_450, 50_000],
  [1, 10_000],
  [1000, 1],
] as const;

function masteringBytes(hasPrimaries: number): Buffer {
  const data = Buffer.alloc(88);
  fractions.flat().forEach((value, index) => data.writeInt32LE(value, index * 4));
  data.writeInt32LE(hasPrimaries, 80);
  data.writeInt32LE(1, 84);
  return data;
}

test("a mastering display is read in the ITU's units and printed as encoders want it", () => {
  const mastering = parseMasteringDisplay(masteringBytes(1));
  expect(mastering).toEqual({
    redX: 34_000,
    redY: 16_000,
    greenX: 13_250,
    greenY: 34_500,
    blueX: 7500,
    blueY: 3000,
    whiteX: 15_635,
    whiteY: 16_450,
    minLuminance: 1,
    maxLuminance: 10_000_000,
  });
  if (mastering === undefined) throw new Error("checked above");
  expect(masteringDisplayText(mastering)).toBe("G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)");
});

test("a mastering display without primaries, or cut short, is none", () => {
  expect(parseMasteringDisplay(masteringBytes(0))).toBeUndefined();
  expect(parseMasteringDisplay(masteringBytes(1).subarray(0, 80))).toBeUndefined();
});

test("light levels are read as they are", () => {
  const data = Buffer.alloc(8);
  data.writeUInt32LE(1000, 0);
  data.writeUInt32LE(400, 4);
  expect(parseContentLight(data)).toEqual({ maxCll: 1000, maxFall: 400 });
  expect(parseContentLight(data.subarray(0, 4))).toBeUndefined();
});
