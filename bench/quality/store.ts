import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { isErrno } from "../../src/core/files.ts";
import { degradations, type DegradationName, isDegradation } from "./degradations.ts";
import { Scores } from "./metrics.ts";

/** One clip, spoiled one way, upscaled by one contender: what a line of the file holds. */
export const Measurement = z.object({
  clip: z.string(),
  factor: z.number(),
  degradation: z.string().refine((name): name is DegradationName => isDegradation(name)),
  contender: z.string(),
  frames: z.int(),
  /** Of the contender's weights. */
  identity: z.string(),
  way: z.string(),
  date: z.string(),
  scores: Scores,
  secondsPerFrame: z.number(),
  cpuSecondsPerFrame: z.number(),
  networkSecondsPerFrame: z.number(),
});
export type Measurement = Readonly<z.infer<typeof Measurement>>;

/** What one measurement is of. */
export type MeasurementKey = Pick<Measurement, "clip" | "factor" | "degradation" | "contender">;

/** Measurements in a file of one JSON line each, in which the last of a kind counts: what is there stays when a run is stopped,
 *  and runs add to each other. */
export class MeasurementStore {
  readonly #path: string;
  readonly #rows = new Map<string, Measurement>();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<MeasurementStore> {
    const store = new MeasurementStore(path);
    await mkdir(dirname(path), { recursive: true });
    for (const line of (await readIfThere(path)).split("\n")) {
      if (!line.endsWith("}}")) continue; // cut off when a run was stopped
      const row = Measurement.parse(JSON.parse(line));
      store.#rows.set(keyText(row), row);
    }
    return store;
  }

  find(key: MeasurementKey): Measurement | undefined {
    return this.#rows.get(keyText(key));
  }

  async add(row: Measurement): Promise<void> {
    const { secondsPerFrame, cpuSecondsPerFrame, networkSecondsPerFrame, scores, ...facts } = row;
    const times = { secondsPerFrame, cpuSecondsPerFrame, networkSecondsPerFrame };
    await appendFile(this.#path, `\n${JSON.stringify({ ...facts, ...times, scores })}`);
    this.#rows.set(keyText(row), row);
  }

  /** Those of these contenders: in the contenders' order, by factor from 2 up and then the smaller ones, by degradation. */
  list(contenders: readonly string[]): readonly Measurement[] {
    const kinds = Object.keys(degradations);
    const rank = ({ factor, degradation, contender }: Measurement): number =>
      ((factor + 998) % 1000) * 1e6 + kinds.indexOf(degradation) * 1e3 + contenders.indexOf(contender);
    return [...this.#rows.values()]
      .filter(({ contender }) => contenders.includes(contender))
      .toSorted((a, b) => rank(a) - rank(b) || a.clip.localeCompare(b.clip));
  }
}

function keyText({ clip, factor, degradation, contender }: MeasurementKey): string {
  return [clip, factor, degradation, contender].join(" ");
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}
