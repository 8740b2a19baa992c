import { join, parse } from "node:path";
import type { QualityClip } from "./clips.ts";
import type { Contender, UpscaleTask } from "./contenders.ts";
import { degradations, type DegradationName, type Degraded, reasonToLeaveOut } from "./degradations.ts";
import type { Overlay } from "./film.ts";
import { cropToMultiple, type Pictures, readTruth } from "./material.ts";
import { measure, prepareReference, type Reference } from "./metrics.ts";
import { regionAround, writePicture, writeSheet } from "./picture.ts";
import { type PictureFolder, truthName } from "./picture-folder.ts";
import type { MeasurementStore } from "./store.ts";

export type ClipQuestion = {
  readonly clip: QualityClip;
  /** The clips'. */
  readonly folder: string;
  readonly frames: number;
  readonly factors: readonly number[];
  readonly degradations: readonly DegradationName[];
  readonly contenders: readonly Contender[];
  readonly overlays: readonly Overlay[] | undefined;
  readonly store: MeasurementStore;
  readonly pictures: PictureFolder;
  /** Measures again what is there already. */
  readonly fresh: boolean;
  readonly tell: (sentence: string) => void;
};

const shownRegion = { width: 280, height: 210 };
/** Sides of the source must be even; those of the ground truth are multiples of 8. */
const leastMultiple = 2;

/** Measures what is not stored yet. Returns how many contenders failed, each of which was told. */
export async function measureClip(question: ClipQuestion): Promise<number> {
  const { clip, factors, degradations: wanted } = question;
  const open = factors.flatMap((factor) =>
    wanted.flatMap((degradation) => {
      if (reasonToLeaveOut(degradation, factor) !== undefined) return [];
      const contenders = question.contenders.filter((contender) => isMissing(question, { factor, degradation, contender }));
      return contenders.length === 0 ? [] : [{ factor, degradation, contenders }];
    }),
  );
  if (open.length === 0) return 0;
  using whole = await readTruth(join(question.folder, clip.file), question.frames);
  let failures = 0;
  for (const [factor, kinds] of Map.groupBy(open, ({ factor: each }) => each)) {
    using truth = await cropToMultiple(whole, leastMultiple * factor);
    const prepared = prepareReference(truth.frames);
    for (const kind of kinds) failures += await measureDegraded({ ...question, ...kind, truth, prepared });
    question.tell(`${clip.file}: x${factor}, ${whole.frames.length} frames of ${truth.size.width}x${truth.size.height}`);
  }
  return failures;
}

type Kind = { readonly factor: number; readonly degradation: DegradationName };

function isMissing(
  { clip, frames, store, fresh }: ClipQuestion,
  { factor, degradation, contender: { name, identity, refuses } }: Kind & { readonly contender: Contender },
): boolean {
  if (refuses?.({ factor, degradation, frames }) !== undefined) return false;
  const stored = store.find({ clip: parse(clip.file).name, factor, degradation, contender: name });
  return fresh || stored?.frames !== frames || stored.identity !== identity;
}

type DegradedQuestion = ClipQuestion & Kind & { readonly truth: Pictures; readonly prepared: Reference };

async function measureDegraded(question: DegradedQuestion): Promise<number> {
  const { truth, prepared, degradation, factor, overlays, pictures, tell } = question;
  const clip = parse(question.clip.file).name;
  const degraded: Degraded = await degradations[degradation](truth, { factor, clip, overlays });
  using source = degraded.source;
  using ownReference = degraded.reference;
  const reference = ownReference === undefined ? prepared : prepareReference(ownReference.frames);
  const kind = { clip, degradation, factor };
  const middle = Math.floor(reference.frames.length / 2);
  const keep = async ({ frames, color }: Pictures, name: string): Promise<void> => {
    for (const frame of frames.slice(middle, middle + 1)) await writePicture(pictures.path(kind, name), frame, color);
  };
  await keep(ownReference ?? truth, truthName);
  const task = { source, video: degraded.video, clipPath: join(question.folder, question.clip.file), degradation, factor };
  let failures = 0;
  // One after the other, so that they do not slow each other down.
  for (const contender of question.contenders) {
    try {
      await measureOne({ contender, task, reference, keep }, { ...kind, store: question.store });
    } catch (error) {
      failures += 1;
      const reason = error instanceof Error ? error.message : String(error);
      tell(`Failed: ${contender.name} on ${clip}, ${degradation}, x${factor}: ${reason}`);
    }
  }
  const region = regionAround(question.clip.focus, truth.size, shownRegion);
  await writeSheet(pictures.sheetPath(kind), await pictures.list(kind), region);
  return failures;
}

type One = {
  readonly contender: Contender;
  readonly task: UpscaleTask;
  readonly reference: Reference;
  readonly keep: (made: Pictures, name: string) => Promise<void>;
};

async function measureOne(
  { contender, task, reference, keep }: One,
  { store, ...kind }: Kind & { readonly clip: string; readonly store: MeasurementStore },
): Promise<void> {
  const { pictures, ...facts } = await contender.upscale(task);
  using made = pictures;
  const scores = await measure(reference, made.frames);
  await keep(made, contender.name);
  const date = new Date().toISOString();
  const { name, identity } = contender;
  await store.add({ ...kind, contender: name, identity, frames: made.frames.length, date, scores, ...facts });
}
