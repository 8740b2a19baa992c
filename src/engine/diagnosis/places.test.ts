import { describe, expect, it } from "vitest";
import { choosePlaces, windowFrames } from "./places.ts";

const ticks = (count: number, step = 1): bigint[] => Array.from({ length: count }, (_, index) => BigInt(index * step));
const framesOf = (places: ReturnType<typeof choosePlaces>): number =>
  places.reduce((sum, place) => sum + place.windows * windowFrames, 0);

describe("places to look at", () => {
  it("are the whole file when it is short, and one window of an empty one", () => {
    expect(choosePlaces({ frameTicks: ticks(50), keyTicks: [0n], pixels: 1000 })).toMatchObject([
      { seekTicks: undefined, windows: 4 },
    ]);
    expect(choosePlaces({ frameTicks: [], keyTicks: [], pixels: 1000 })).toMatchObject([{ seekTicks: undefined, windows: 1 }]);
  });

  it("lie at key frames over the whole length, each once", () => {
    const places = choosePlaces({ frameTicks: ticks(10_000), keyTicks: ticks(100, 100), pixels: 1000 });
    expect(places.map(({ seekTicks }) => seekTicks)).toEqual([600n, 1800n, 3100n, 4300n, 5600n, 6800n, 8100n, 9300n]);
  });

  it("follow each other where there is one key frame only", () => {
    const [only, ...others] = choosePlaces({ frameTicks: ticks(10_000), keyTicks: [0n], pixels: 1000 });
    expect(only).toMatchObject({ seekTicks: undefined, windows: 8 });
    expect(others).toEqual([]);
  });

  it("are fewer the larger the picture is, and never over 128 frames", () => {
    const counts = [640 * 360, 1920 * 1080, 3840 * 2160, 7680 * 4320].map((pixels) =>
      framesOf(choosePlaces({ frameTicks: ticks(10_000), keyTicks: ticks(100, 100), pixels })),
    );
    expect(counts).toEqual([128, 80, 48, 16]);
  });
});
