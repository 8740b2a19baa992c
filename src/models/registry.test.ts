import { expect, test } from "vitest";
import type { Tier } from "../domain/upscale-request.ts";
import { selectModel } from "./registry.ts";

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
