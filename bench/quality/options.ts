import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { modelsFolder } from "../../src/cli/model-folder.ts";
import { qualityClips, type QualityClip } from "./clips.ts";
import { type DegradationName, degradations, isDegradation } from "./degradations.ts";

export type BenchOptions = {
  readonly clips: readonly QualityClip[];
  readonly folder: string;
  readonly frames: number;
  readonly degradations: readonly DegradationName[];
  readonly factors: readonly number[];
  readonly networks: readonly string[];
  readonly modelsFolder: string;
  readonly overlays: string;
  readonly websr: string | undefined;
  readonly out: string;
  /** Measures again what is there already. */
  readonly fresh: boolean;
  /** Where the documented crops go; undefined: nowhere. */
  readonly crops: string | undefined;
  readonly check: boolean;
};

const knownFactors = [1, 2, 3, 4];
const everyone = "fast,standard,pro,ugc/fast,ugc/standard,old_film/fast,old_film/standard,product,product/fitting";
const others = "websr-rl,realesr-general-x4v3";

/** Reads the command line.  Throws: RangeError, TypeError when it asks for what there is not. */
export function readOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      clips: { type: "string", default: `${qualityClips.length}` },
      only: { type: "string", default: "" },
      folder: { type: "string", default: beside("shared/clips/") },
      frames: { type: "string", default: "24" },
      degradations: { type: "string", default: Object.keys(degradations).join(",") },
      factors: { type: "string", default: "2,4" },
      networks: { type: "string", default: `${everyone},${others}` },
      overlays: { type: "string", default: beside("shared/training-data/film_damage_overlays/") },
      "models-folder": { type: "string" },
      websr: { type: "string" },
      out: { type: "string", default: fileURLToPath(new URL("../out/quality/", import.meta.url)) },
      fresh: { type: "boolean", default: false },
      crops: { type: "string" },
      check: { type: "boolean", default: false },
    },
  });
  const clips = qualityClips.filter(({ file }) => file.includes(values.only)).slice(0, Number(values.clips));
  const missing = clips.filter(({ file }) => !existsSync(join(values.folder, file)));
  if (clips.length === 0) throw new RangeError(`no clip is called ${values.only}`);
  if (missing.length > 0) {
    throw new RangeError(
      `no such clips in ${values.folder}: ${missing.map(({ file }) => file).join(", ")}; name their folder with --folder`,
    );
  }
  const frames = Number(values.frames);
  if (!Number.isInteger(frames) || frames < 2) throw new RangeError("--frames takes a whole number from 2");
  const factors = values.factors.split(",").map(Number);
  if (factors.some((factor) => !knownFactors.includes(factor))) throw new RangeError("--factors takes 1, 2, 3 and 4");
  const names = values.degradations.split(",");
  const unknown = names.filter((name) => !isDegradation(name));
  if (unknown.length > 0)
    throw new RangeError(`there is no degradation ${unknown.join(", ")}; there are ${Object.keys(degradations).join(", ")}`);
  return {
    clips,
    folder: values.folder,
    frames,
    degradations: names.filter(isDegradation),
    factors,
    networks: values.networks.split(",").filter((name) => name !== ""),
    modelsFolder: modelsFolder({ modelsFolder: values["models-folder"] }),
    overlays: values.overlays,
    websr: values.websr,
    out: values.out,
    fresh: values.fresh,
    crops: values.crops,
    check: values.check,
  };
}

function beside(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
