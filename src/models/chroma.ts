import { ChromaModelDescriptor } from "../domain/model-descriptor.ts";
import center from "../../models/chroma-center-x2.json" with { type: "json" };
import left from "../../models/chroma-left-x2.json" with { type: "json" };

/** The chroma networks that ship with Upres, one for each siting. */
export const chromaModels: readonly ChromaModelDescriptor[] = [left, center].map((json) => ChromaModelDescriptor.parse(json));
