import { expect, test } from "vitest";
import type { Tier } from "../domain/upscale-request.ts";
import { selectModel } from "./registry.ts";

test.each([
  ["fast", "general", undefined],
  ["standard", "general", undefined],
  ["no such tier" as Tier, "general", "tier"],
  ["fast", "no such preset", "preset"],
] as const)("a network for tier %s and preset %s is missing its %s", (tier, preset, option) => {
  const select = (): unknown => selectModel(tier, preset);
  if (option === undefined) expect(select()).toMatchObject({ tier, preset });
  else expect(select).toThrow(expect.objectContaining({ code: "not_available", details: { option } }));
});
