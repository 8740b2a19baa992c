import { expect, test } from "vitest";
import type { Tier } from "../domain/upscale-request.ts";
import { laterModel, selectModel } from "./registry.ts";

test("each tier's general network is chosen by name", () => {
  for (const tier of ["fast", "standard"] as const)
    expect(selectModel(tier, "general")).toMatchObject({ tier, preset: "general" });
});

test("a preset without a network of its own takes the tier's general one", () => {
  const model = selectModel("fast", "no such preset");
  expect(model).toMatchObject({ tier: "fast", preset: "general" });
});

test("a tier without a network is refused by its option", () => {
  expect(() => selectModel("no such tier" as Tier, "general")).toThrow(
    expect.objectContaining({ code: "not_available", details: { option: "tier" } }),
  );
});

test("a preset's own network is chosen in the tiers that have one", () => {
  for (const tier of ["fast", "standard"] as const) {
    for (const preset of ["ugc", "old_film"]) expect(selectModel(tier, preset)).toMatchObject({ tier, preset });
  }
});

test("after a preset's first doubling the tier's general network goes on; the general one goes on itself", () => {
  expect(laterModel(selectModel("standard", "ugc"))).toBe(selectModel("standard", "general"));
  expect(laterModel(selectModel("fast", "general"))).toBeUndefined();
});

test("pro sees several frames; on sources whose damage has weights of its own, those of standard come first", () => {
  const pro = selectModel("pro", "general");
  expect(pro.frames).toBe(5);
  expect(laterModel(pro)).toBe(selectModel("standard", "general"));
  expect(selectModel("pro", "ugc")).toBe(selectModel("standard", "ugc"));
  expect(selectModel("pro", "aigc")).toBe(pro);
});
