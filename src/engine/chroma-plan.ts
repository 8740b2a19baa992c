import type { Size } from "../domain/media-info.ts";
import type { ChromaModelDescriptor, NetworkDescriptor } from "../domain/model-descriptor.ts";
import { chromaModel } from "../models/chroma.ts";

export type ChromaQuestion = {
  readonly model: NetworkDescriptor;
  readonly passes: number;
  readonly pixelFormat: string;
  readonly chromaLocation: string;
  readonly source: Size;
  readonly output: Size;
};

/** What enlarges the chroma beside a luma network: a network of its own, or Lanczos where `model` is undefined. */
export type ChromaChoice = { readonly model: ChromaModelDescriptor | undefined; readonly reason: string };

/** Up to here the chroma is as good as its own size already. */
const ownSizeUntil = 1.01;

/** Undefined where no luma network runs: colour then goes the way of the whole picture. Pure. */
export function chooseChroma(question: ChromaQuestion): ChromaChoice | undefined {
  const { model, passes, pixelFormat, chromaLocation, source, output } = question;
  if (passes === 0 || model.kind === "rgb") return undefined;
  const lanczos = (reason: string): ChromaChoice => ({ model: undefined, reason });
  const ratio = Math.max(output.width / source.width, output.height / source.height);
  if (ratio < ownSizeUntil) return lanczos("same size");
  if (!pixelFormat.includes("420")) return lanczos("the chroma network was made for 4:2:0; finer chroma has less to gain");
  if (model.tier === "fast") return lanczos("a network would take more time than that of the luma in the tier fast");
  const network = chromaModel(chromaLocation);
  if (network === undefined) return lanczos(`there is no chroma network for chroma that lies ${chromaLocation}`);
  const rest = Math.abs(ratio - network.scale) < 1e-3 ? "exactly" : `then one resample from 2 to ${ratio.toFixed(3)}`;
  return { model: network, reason: `doubled along the luma's edges; ${rest}; ${network.macsPerInputPixel} per input pixel` };
}
