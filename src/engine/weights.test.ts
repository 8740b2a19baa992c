import { expect, test } from "vitest";
import { nothingFound } from "./diagnosis/diagnosis.ts";
import { weightsFor } from "./weights.ts";

test("shared video takes its own weights only where its damage is found", () => {
  expect(weightsFor({ preset: "ugc" }, nothingFound)).toBe("general");
  for (const damage of [{ compression: 0.5 }, { blockiness: 0.2 }, { noiseSigma: 5 }]) {
    expect(weightsFor({ preset: "ugc" }, { ...nothingFound, ...damage })).toBe("ugc");
  }
});

test("other presets take their own weights always", () => {
  expect(weightsFor({ preset: "old_film" }, nothingFound)).toBe("old_film");
  expect(weightsFor({ preset: "general" }, { ...nothingFound, blockiness: 1 })).toBe("general");
});
