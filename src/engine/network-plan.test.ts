import { describe, expect, test } from "vitest";
import { planQuestion, videoStream } from "../../test/support/media.ts";
import { defaultRequest, type UpscaleRequest } from "../domain/upscale-request.ts";
import { bundledModels, laterModel, selectModel } from "../models/registry.ts";
import { type Diagnosis, nothingFound } from "./diagnosis/diagnosis.ts";
import { chooseNetwork, enlargementOf, fittingModel, networkMacs, networkPasses } from "./network-plan.ts";
import { makePlan, type Plan } from "./plan.ts";

const doubling = selectModel("standard", "general");

describe("network passes", () => {
  test.each([
    [640, 360, 1280, 720, 1],
    [640, 360, 1920, 1080, 2],
    [480, 270, 1920, 1080, 2],
    [480, 270, 1080, 606, 1],
    [1920, 1080, 1920, 1080, 0],
    [1280, 720, 1408, 792, 1],
    [240, 135, 1920, 1080, 3],
    [96, 96, 960, 960, 4],
    [3840, 2160, 1920, 1080, 0],
    [1440, 1080, 1920, 1080, 1],
  ])("%ix%i to %ix%i takes %i of a doubling network", (width, height, outWidth, outHeight, passes) => {
    expect(networkPasses({ width, height }, { width: outWidth, height: outHeight }, doubling)).toBe(passes);
  });

  test("a last resample of up to an eighth is left rather than another pass", () => {
    expect(networkPasses({ width: 800, height: 450 }, { width: 1800, height: 1012 }, doubling)).toBe(1);
    expect(networkPasses({ width: 800, height: 450 }, { width: 1804, height: 1014 }, doubling)).toBe(2);
  });

  test("every network of ours ends at most an eighth below the size, and the next one doubles", () => {
    for (const model of bundledModels) {
      for (const factor of [1, 1.01, 1.5, 2, 2.26, 3, 4, 4.6, 8, 9.5]) {
        const output = { width: 100 * factor, height: 50 * factor };
        const passes = networkPasses({ width: 100, height: 50 }, output, model);
        expect(enlargementOf(model, passes) * 1.125, `${model.id} at ${factor}`).toBeGreaterThanOrEqual(factor);
        if (passes > 1) expect((laterModel(model) ?? model).scale).toBe(2);
      }
    }
  });
});

function planAt(
  preset: UpscaleRequest["preset"],
  factor: number,
  { tier = "standard", ...found }: { readonly tier?: UpscaleRequest["tier"] } & Partial<Diagnosis> = {},
): Plan {
  const video = videoStream({ codedSize: { width: 320, height: 180 } });
  const request = { ...defaultRequest, tier, preset, target: { kind: "scale", factor } } as const;
  const diagnosis = { ...nothingFound, compression: 1, ...found };
  return makePlan({ ...planQuestion({ video, request, diagnosis }), model: chooseNetwork({ request, video, diagnosis }) });
}

test("at the source's own size a preset with a network made for it takes that one, and what only enlarges does not run", () => {
  for (const tier of ["fast", "standard"] as const) {
    const made = planAt("ugc", 1, { tier });
    expect(made.network).toMatchObject({ id: `ugc-${tier}-x1`, passes: 1 });
    expect(reasonOf(made)).toBe("same size: cleaned by a network made for it");
  }
  const general = planAt("general", 1);
  expect(general.network).toBeUndefined();
  expect(reasonOf(general)).toMatch(/^same size: there is nothing to enlarge/);
});

test("for sizes other than twice one network gets there at once, up to four times", () => {
  for (const [scale, factor, rest] of [
    [3, 2.7, "then one resample from 3 to 2.700"],
    [3, 3, "exactly"],
    [3, 3.3, "then one resample from 3 to 3.300"],
    [4, 3.4, "then one resample from 4 to 3.400"],
    [4, 4, "exactly"],
    [4, 4.4, "then one resample from 4 to 4.400"],
  ] as const) {
    const plan = planAt("general", factor);
    expect(plan.network).toMatchObject({ id: `general-standard-x${scale}`, passes: 1 });
    expect(reasonOf(plan)).toBe(
      `made ${scale} times larger at once, better than doubling twice and a quarter of the work; ${rest}`,
    );
    expect(plan.macsPerFrame).toBeLessThan(networkMacs(plan.source.uprightSize, 2, doubling) / 3.5);
  }
  for (const factor of [1.2, 1.5, 1.8, 2.1, 2.5]) {
    const plan = planAt("general", factor);
    expect(plan.network).toMatchObject({ id: "general-standard-x3", passes: 1 });
    expect(reasonOf(plan)).toBe(
      `made 3 times larger at once, more than is needed: better than doubling; then one resample from 3 to ${factor.toFixed(3)}`,
    );
  }
  expect(planAt("general", 2).network).toMatchObject({ id: doubling.id, passes: 1 });
  expect(planAt("general", 3, { compression: 0 }).network).toMatchObject({ id: "general-standard-x3", passes: 1 });
  expect(planAt("general", 4, { compression: 0 }).network).toMatchObject({ id: "clean-standard-x4", passes: 1 });
  for (const factor of [1.5, 2.5, 3])
    expect(planAt("general", factor, { tier: "pro" }).network).toMatchObject({ id: "general-pro-x3", passes: 1 });
  expect(planAt("general", 6).network).toMatchObject({ id: "general-standard-x4", passes: 2, laterId: doubling.id });
});

test.each([
  ["ugc", "standard", "ugc-standard-x3"],
  ["old_film", "standard", "old-film-standard-x3"],
  ["general", "fast", "general-fast-x3"],
] as const)("%s in %s has a network for three times of its own", (preset, tier, id) => {
  expect(planAt(preset, 3, { tier }).network).toMatchObject({ id, passes: 1 });
  expect(planAt(preset, 2.25, { tier }).network).toMatchObject({ id, passes: 1 });
});

test("sources that hardly show a codec are doubled by weights trained on such, where the tier has them", () => {
  for (const [tier, id] of [
    ["fast", "general-fast-x2"],
    ["standard", "clean-standard-x2"],
    ["pro", "clean-pro-x2"],
  ] as const) {
    expect(planAt("general", 2, { tier, compression: 0.019 }).network).toMatchObject({ id, passes: 1 });
    expect(planAt("general", 2, { tier, compression: 0.02 }).network).toMatchObject({ id: `general-${tier}-x2` });
    expect(planAt("general", 2, { tier, compression: 0, blockiness: 0.4 }).network).toMatchObject({ id: `general-${tier}-x2` });
  }
  expect(reasonOf(planAt("general", 2, { compression: 0 }))).toBe(
    "each pass doubles; exactly; hardly anything of a codec shows, so weights trained on such video",
  );
  expect(planAt("old_film", 2, { compression: 0 }).network).toMatchObject({ id: "old-film-standard-x2" });
  expect(planAt("general", 1, { compression: 0 }).network).toBeUndefined();
  expect(planAt("general", 0.5, { compression: 0 }).network).toBeUndefined();
});

test("without a network for four times, a preset doubles twice", () => {
  expect(planAt("ugc", 4).network).toMatchObject({ id: "ugc-standard-x2", passes: 2, laterId: doubling.id });
  const seen = selectModel("pro", "general");
  expect(fittingModel(seen, { width: 100, height: 50 }, { width: 400, height: 200 })).toBe(seen);
});

function reasonOf({ decisions }: Plan): string {
  return decisions.find(({ topic }) => topic === "network")?.reason ?? "";
}
