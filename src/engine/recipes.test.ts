import { describe, expect, test } from "vitest";
import { defaultRequest, type UpscaleRequest } from "../domain/upscale-request.ts";
import { type Diagnosis, nothingFound, type Tones } from "./diagnosis/diagnosis.ts";
import { chooseFidelity } from "./fidelity.ts";
import { chooseStages } from "./recipes.ts";
import type { PlannedStage } from "./stage-plan.ts";

const presets = ["general", "ugc", "short_series", "aigc", "old_film"] as const;

function choose(request: Partial<UpscaleRequest>, diagnosis: Partial<Diagnosis>): readonly PlannedStage[] {
  return chooseStages({
    request: { ...defaultRequest, ...request },
    diagnosis: { ...nothingFound, ...diagnosis },
    picture: { width: 640, height: 480, range: "limited" },
    outputSize: { width: 1440, height: 1080 },
  });
}

const names = (stages: readonly PlannedStage[]): readonly string[] => stages.map(({ name }) => name);

test("nothing is done to a clean picture, but for what only film has", () => {
  for (const preset of presets.filter((name) => name !== "old_film")) expect(choose({ preset }, {})).toEqual([]);
  expect(names(choose({ preset: "old_film" }, {}))).toEqual(["stabilise", "remove_dirt", "temporal_average"]);
});

describe("each preset has its own threshold", () => {
  test.for([
    ["general", { blockiness: 0.1 }, []],
    ["general", { blockiness: 0.7 }, ["deblock"]],
    ["ugc", { blockiness: 0.1 }, ["deblock"]],
    ["short_series", { ringing: 0.4 }, ["deblock"]],
    ["general", { noiseSigma: 4 }, []],
    ["general", { noiseSigma: 9 }, ["denoise"]],
    ["ugc", { noiseSigma: 4 }, ["denoise"]],
    ["aigc", { noiseSigma: 1.5 }, ["denoise"]],
    ["aigc", { flicker: 1 }, ["deflicker"]],
    ["general", { flicker: 5 }, []],
    ["ugc", { flicker: 5 }, []],
    ["short_series", { banding: 0.4 }, ["deband"]],
    ["general", { banding: 0.4 }, []],
  ] as const)("%s with %j: %j", ([preset, found, expected]) => {
    const stages = names(choose({ preset, tier: "fast" }, found));
    expect(stages.filter((name) => name !== "temporal_average")).toEqual(expected);
  });
});

test("what compression left is averaged away over time where the picture grows, in fast only where the weights clean", () => {
  const found = { compression: 0.4 };
  expect(choose({}, found)).toMatchObject([{ name: "temporal_average", reach: 2, distance: 9 }]);
  expect(choose({ tier: "pro" }, found)).toMatchObject([{ name: "temporal_average", reach: 3, distance: 9 }]);
  expect(choose({}, { compression: 0.07 })).toMatchObject([{ name: "temporal_average", reach: 2, distance: 4.5 }]);
  expect(choose({ preset: "ugc" }, found)).toMatchObject([{ name: "temporal_average", reach: 2, distance: 12 }]);
  expect(choose({ tier: "fast" }, found)).toEqual([]);
  expect(choose({ tier: "fast", preset: "ugc" }, found)).toMatchObject([{ name: "temporal_average", reach: 1, distance: 12 }]);
  expect(choose({}, { compression: 0.01 })).toEqual([]);
  expect(choose({}, { compression: 0, blockiness: 0.4 })).toMatchObject([
    { name: "deblock" },
    { name: "temporal_average", distance: 4.5, reason: "blocks (40 %) tell of marks that change with every frame" },
  ]);
  expect(names(choose({ preset: "ugc" }, { blockiness: 0.3 }))).toEqual(["deblock", "temporal_average"]);
  expect(names(choose({}, { grain: { sigma: 4, isCoarse: false } }))).toEqual(["temporal_average"]);
  const picture = { width: 640, height: 480, range: "limited" } as const;
  const question = { request: defaultRequest, diagnosis: { ...nothingFound, ...found }, picture };
  expect(chooseStages({ ...question, outputSize: picture })).toEqual([]);
  const cleaned = { ...question, request: { ...defaultRequest, preset: "old_film", tier: "fast" } } as const;
  expect(names(chooseStages({ ...cleaned, outputSize: picture }))).toContain("temporal_average");
  expect(names(chooseStages({ ...cleaned, outputSize: { width: 320, height: 240 } }))).not.toContain("temporal_average");
});

test("old film is cleaned in an order in which no stage disturbs the next, and its grain is put back", () => {
  const place = (ticks: bigint, black: number, white: number): Tones => ({ ticks, black, median: 100, white, cb: 128, cr: 128 });
  const places = [place(0n, 40, 180), place(1000n, 44, 120), place(2000n, 42, 184)];
  const stages = choose(
    { preset: "old_film", tier: "fast" },
    { flicker: 2, noiseSigma: 5, grain: { sigma: 5, isCoarse: true }, fading: { isFaded: true, places } },
  );
  expect(names(stages)).toEqual([
    "deflicker",
    "stabilise",
    "remove_dirt",
    "denoise",
    "restore_contrast",
    "temporal_average",
    "regrain",
  ]);
  expect(stages.find(({ name }) => name === "regrain")).toMatchObject({ sigma: 2, spotPixels: 4.5 });
  // The dark scene in the middle is not stretched more than its neighbours.
  expect(stages.find(({ name }) => name === "restore_contrast")).toMatchObject({
    curve: [
      { ticks: 0n, black: 40, white: 184 },
      { ticks: 1000n, black: 40, white: 184 },
      { ticks: 2000n, black: 40, white: 184 },
    ],
  });
});

test("detail that neighbouring frames share is left alone where there is text, skin or a generated picture", () => {
  for (const preset of ["short_series", "aigc"] as const) {
    expect(choose({ preset }, { noiseSigma: 5 })).toMatchObject([{ name: "denoise", spatial: 0 }]);
  }
});

test("no preset steadies the camera but old film's", () => {
  const everything = { blockiness: 1, ringing: 1, noiseSigma: 20, banding: 1, flicker: 10 };
  for (const preset of presets.filter((name) => name !== "old_film")) {
    expect(names(choose({ preset }, everything))).not.toContain("stabilise");
  }
});

test("stages are stronger for more damage and say why they were taken", () => {
  const strength = (blockiness: number): number => {
    const [stage] = choose({ preset: "ugc" }, { blockiness });
    expect(stage?.reason).toContain(`${Math.round(blockiness * 100)} %`);
    return stage?.name === "deblock" ? stage.strength : 0;
  };
  expect(strength(0.9)).toBeGreaterThan(strength(0.3));
  expect(strength(1)).toBeLessThanOrEqual(1);
});

test("fidelity medium sharpens and allows more; junk is not held to", () => {
  expect(names(choose({ fidelity: "medium" }, {}))).toEqual(["sharpen"]);
  const bound = (fidelity: "high" | "medium", blockiness: number, passes = 1, isAdded = false): number | undefined =>
    chooseFidelity({ request: { fidelity, preset: "general" }, diagnosis: { ...nothingFound, blockiness }, passes, isAdded })
      .boundDb;
  expect(bound("high", 0)).toBe(40);
  expect(bound("medium", 0)).toBe(34);
  expect(bound("high", 0.9)).toBeUndefined();
  expect(bound("high", 0, 0)).toBeUndefined();
  expect(bound("high", 0, 1, true)).toBeUndefined();
});
