import { bundledModels } from "../../models/registry.ts";
import type { CommandContext } from "../context.ts";
import { formatTable } from "../table.ts";
import { formatBytes, formatCount } from "../units.ts";

/** `upres models`: the networks that are there. */
export function models({ output }: CommandContext): void {
  output.document(bundledModels);
  const rows = bundledModels.map((model) => [
    model.id,
    model.tier,
    model.preset,
    `x${model.scale}`,
    formatBytes(model.files.u8.sizeBytes),
    formatCount(model.parameters),
    formatCount(model.macsPerInputPixel),
    model.licence,
  ]);
  const header = ["network", "tier", "preset", "scale", "size", "parameters", "multiply-adds/pixel", "licence"];
  output.result(formatTable([header, ...rows]));
}
