import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DegradationName } from "./degradations.ts";

export type PictureKind = { readonly clip: string; readonly degradation: DegradationName; readonly factor: number };

/** The name under which the ground truth lies among the contenders. */
export const truthName = "truth";

/** Where the middle frame of each result lies: `pictures/CLIP.DEGRADATION.xFACTOR/CONTENDER.png`. */
export class PictureFolder {
  readonly #out: string;
  readonly #order: readonly string[];

  /** `order`: the contenders from left to right. */
  constructor(out: string, order: readonly string[]) {
    this.#out = out;
    this.#order = [truthName, ...order];
  }

  path(kind: PictureKind, contender: string): string {
    return join(this.#folder(kind), `${fileName(contender)}.png`);
  }

  /** Of the overview: a region of all of them side by side. */
  sheetPath(kind: PictureKind): string {
    return join(this.#out, `${kindName(kind)}.png`);
  }

  /** Paths of the pictures that are there, the ground truth first. */
  async list(kind: PictureKind): Promise<readonly string[]> {
    const there = new Set(await readdir(this.#folder(kind)));
    return this.#order.filter((name) => there.has(`${fileName(name)}.png`)).map((name) => this.path(kind, name));
  }

  #folder(kind: PictureKind): string {
    return join(this.#out, "pictures", kindName(kind));
  }
}

function kindName({ clip, degradation, factor }: PictureKind): string {
  return `${clip}.${degradation}.x${factor}`;
}

function fileName(contender: string): string {
  return contender.replaceAll("/", "-");
}
