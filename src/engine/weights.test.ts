import { expect, test } from "vitest";
import { type Diagnosis, nothingFound } from "./diagnosis/diagnosis.ts";
import { chooseWeights, weightsFor } from "./weights.ts";

const sharing = ["general", "short_series", "aigc"] as const;
const fineGrain = (sigma: number): Pick<Diagnosis, "grain"> => ({ grain: { sigma, isCoarse: false } });

test("shared video takes its own weights only where its damage is found", () => {
  expect(chooseWeights({ preset: "ugc" }, nothingFound)).toMatchObject({
    preset: "general",
    reason: expect.stringContaining("little damage"),
  });
  for (const damage of [{ compression: 0.5 }, { blockiness: 0.2 }, { noiseSigma: 5 }, { halos: 0.12 }]) {
    expect(chooseWeights({ preset: "ugc" }, { ...nothingFound, ...damage })).toEqual({ preset: "ugc", reason: undefined });
  }
});

test("old film takes its own weights always", () => {
  expect(weightsFor({ preset: "old_film" }, nothingFound)).toBe("old_film");
  expect(weightsFor({ preset: "old_film" }, { ...nothingFound, halos: 0.2, compression: 0.5 })).toBe("old_film");
});

test.for(sharing)("%s takes ugc's weights for what a network takes for shared video, once it was compressed", (preset) => {
  const shared = { ...nothingFound, shared: 0.7, compression: 0.2 };
  expect(chooseWeights({ preset }, shared)).toMatchObject({
    preset: "ugc",
    reason: expect.stringContaining("shared video") as string,
  });
  expect(weightsFor({ preset }, { ...shared, shared: 0.5 })).toBe("general");
  expect(weightsFor({ preset }, { ...shared, compression: 0.05 })).toBe("general");
  expect(weightsFor({ preset }, { ...shared, grain: { sigma: 4, isCoarse: false } })).toBe("old_film");
  expect(weightsFor({ preset: "ugc" }, { ...shared, compression: 0 })).toBe("ugc");
});

test.for(sharing)("%s keeps general's weights for what compression alone does", (preset) => {
  for (const compression of [0, 0.3, 0.6, 1]) {
    const squeezed = { ...nothingFound, compression, blockiness: compression, ringing: compression, noiseSigma: 2, halos: 0.02 };
    expect(chooseWeights({ preset }, squeezed)).toEqual({ preset: "general", reason: undefined });
  }
});

test.for(sharing)("%s takes ugc's weights for a source that was sharpened and compressed, and says by how much", (preset) => {
  const sharpened = { ...nothingFound, halos: 0.05, compression: 0.4 };
  expect(chooseWeights({ preset }, sharpened)).toMatchObject({ preset: "ugc", reason: expect.stringContaining("5.0 %") });
  expect(weightsFor({ preset }, { ...sharpened, compression: 0 })).toBe("general");
  // A phone's look that nothing else has hurt.
  expect(weightsFor({ preset }, { ...sharpened, compression: 0.1, halos: 0.08 })).toBe("general");
  expect(weightsFor({ preset }, { ...sharpened, compression: 0.1, halos: 0.12 })).toBe("ugc");
});

test.for(sharing)(
  "%s takes old film's weights for fine grain that is left, and ugc's where it is sharpened as well",
  (preset) => {
    const grainy = { ...nothingFound, ...fineGrain(4) };
    expect(chooseWeights({ preset }, grainy)).toMatchObject({
      preset: "old_film",
      reason: expect.stringContaining("4.0 of 255"),
    });
    expect(weightsFor({ preset }, { ...grainy, noiseSigma: 4, halos: 0.08 })).toBe("ugc");
    expect(weightsFor({ preset }, { ...nothingFound, ...fineGrain(1.5) })).toBe("general");
    // Water and leaves look like coarse grain.
    expect(weightsFor({ preset }, { ...nothingFound, grain: { sigma: 6, isCoarse: true } })).toBe("general");
  },
);
