import { join } from "node:path";
import { exists } from "../../src/core/files.ts";
import { type PictureFolder, type PictureKind, truthName } from "./picture-folder.ts";
import { writeSheet } from "./picture.ts";

type Crop = PictureKind & {
  /** In `docs/quality`. */
  readonly file: string;
  /** Of the left upper corner, in pixels of the ground truth. */
  readonly x: number;
  readonly y: number;
  readonly height: number;
  /** From left to right, after the ground truth. */
  readonly contenders: readonly string[];
};

const width = 150;
const forGeneral = ["lanczos", "fast", "standard", "pro", "websr-rl"];
const forLarge = ["lanczos", "standard", "realesr-general-x4v3"];
const forUgc = ["lanczos", "standard", "ugc/standard", "product/fitting", "websr-rl"];
const forFilm = ["lanczos", "standard", "old_film/standard", "product/fitting", "websr-rl"];
const screen = { clip: "5-screen_gnome_display-dual-monitors", x: 238, y: 500, height: 110 };
const coast = { clip: "2-nature_pan_elementary_RobBye_coast", x: 309, y: 444, height: 110 };
const stream = { clip: "2-nature_pan_lomiri_life_forest-stream", x: 1127, y: 356, height: 110 };
const bird = { clip: "4-anim_bbb_moviepy_intro_11-28s", x: 516, y: 171, height: 140 };

/** What `docs/quality.md` shows; nobody can be recognised in it, and its licences allow it. */
const crops: readonly Crop[] = [
  { file: "screen-crf23.jpg", ...screen, degradation: "crf23", factor: 2, contenders: forGeneral },
  { file: "coast-clean.jpg", ...coast, degradation: "clean", factor: 2, contenders: forGeneral },
  { file: "bird-crf28.jpg", ...bird, degradation: "crf28", factor: 2, contenders: forGeneral },
  { file: "stream-crf28.jpg", ...stream, degradation: "crf28", factor: 2, contenders: forGeneral },
  { file: "coast-large.jpg", ...coast, degradation: "crf23", factor: 2, contenders: forLarge },
  { file: "bird-ugc.jpg", ...bird, degradation: "ugc", factor: 2, contenders: forUgc },
  { file: "bird-oldfilm.jpg", ...bird, degradation: "oldfilm", factor: 2, contenders: forFilm },
];

/** Cuts the documented crops from the pictures that were measured; those of which one was not are left out and told. */
export async function writeCrops(pictures: PictureFolder, folder: string, tell: (sentence: string) => void): Promise<void> {
  for (const { file, x, y, height, contenders, ...kind } of crops) {
    const columns = [truthName, ...contenders].map((name) => ({ name, path: pictures.path(kind, name) }));
    const missing: string[] = [];
    for (const { name, path } of columns) if (!(await exists(path))) missing.push(name);
    if (missing.length > 0) {
      tell(
        `Skipped: ${file}, since ${kind.clip}, ${kind.degradation}, x${kind.factor} was not measured for ${missing.join(", ")}.`,
      );
      continue;
    }
    const files = columns.map(({ path }) => path);
    await writeSheet(join(folder, file), files, { x, y, width, height });
    tell(`${file}: from left to right ${columns.map(({ name }) => name).join(", ")}`);
  }
}
