import type { ColorInfo, PixelFormatInfo, Size } from "../domain/media-info.ts";
import type { ChromaModelDescriptor, NetworkDescriptor } from "../domain/model-descriptor.ts";
import { chromaModels } from "../models/chroma.ts";

/** How chroma comes to its new size. `sha256` is the network's, so that it is part of what a plan says. */
export type ChromaPlan =
  | { readonly kind: "guided"; readonly id: string; readonly sha256: string; readonly reason: string }
  | { readonly kind: "lanczos"; readonly reason: string }
  | { readonly kind: "with_luma"; readonly reason: string };

export type ChromaQuestion = {
  readonly sourceFormat: PixelFormatInfo;
  readonly workFormat: string;
  readonly bitDepth: 8 | 10;
  readonly color: ColorInfo;
  readonly source: Size;
  readonly output: Size;
  readonly model: NetworkDescriptor;
  readonly passes: number;
};

/** Below this the doubled chroma is made smaller again by so much that little of its detail is left. */
const smallestRatio = 1.4;

/** Pure: guided by luma where there is a network for the siting and the picture grows enough, otherwise as it always was. */
export function planChroma(question: ChromaQuestion): ChromaPlan {
  const { sourceFormat, workFormat, bitDepth, color, source, output, model, passes } = question;
  if (model.kind === "rgb" && passes > 0) return { kind: "with_luma", reason: `${model.id} works on R'G'B'` };
  const lanczos = (reason: string): ChromaPlan => ({ kind: "lanczos", reason });
  if (passes === 0) return lanczos("the picture shrinks");
  if (sourceFormat.isRgb) return lanczos("the source is RGB, and its chroma is made here");
  if (sourceFormat.chroma === "gray") return lanczos("the source is grey");
  if (sourceFormat.chroma !== "420" || !workFormat.startsWith("yuv420p")) {
    return lanczos("the source has more chroma than 4:2:0, which needs less help");
  }
  const ratio = Math.min(output.width / source.width, output.height / source.height);
  if (ratio < smallestRatio) return lanczos(`the picture grows by ${ratio.toFixed(3)} only`);
  const network = findChromaModel(color.chromaLocation);
  if (network === undefined) return lanczos(`there is no network for chroma siting ${color.chromaLocation}`);
  const { sha256 } = bitDepth > 8 ? network.files.u16 : network.files.u8;
  const rest = Math.abs(ratio - 2) < 1e-3 ? "" : ", then resampled";
  return {
    kind: "guided",
    id: network.id,
    sha256,
    reason: `4:2:0, siting ${color.chromaLocation}: doubled with the luma's detail${rest}`,
  };
}

/** The network for a siting, if there is one. */
export function findChromaModel(chromaLocation: string): ChromaModelDescriptor | undefined {
  return chromaModels.find((candidate) => candidate.chromaLocation === chromaLocation);
}
