import { ChromaModelDescriptor } from "../domain/model-descriptor.ts";
import center from "../../models/chroma-center-x2.json" with { type: "json" };
import left from "../../models/chroma-left-x2.json" with { type: "json" };

/** The chroma networks that ship with Upres, one for each place of chroma samples. */
export const bundledChromaModels: readonly ChromaModelDescriptor[] = [left, center].map((json) =>
  ChromaModelDescriptor.parse(json),
);

/** The chroma network for a chroma location; undefined where none was made for it. */
export function chromaModel(location: string): ChromaModelDescriptor | undefined {
  return bundledChromaModels.find(({ siting }) => siting === location);
}
