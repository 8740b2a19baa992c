import { fileURLToPath } from "node:url";
import { sha256OfFile, exists } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import type { ChromaModelDescriptor, JudgeModelDescriptor, ModelDescriptor } from "../domain/model-descriptor.ts";

const folder = new URL("../../models/", import.meta.url);

type BundledDescriptor = ModelDescriptor | ChromaModelDescriptor | JudgeModelDescriptor;

/** The path of a network's file for 8-bit or deeper video, checked against its sha256.
 *  Throws: AppError `model_invalid` when it is missing or altered. */
export async function locateModel(descriptor: BundledDescriptor, bitDepth: number): Promise<string> {
  const file = fileFor(descriptor, bitDepth);
  const path = fileURLToPath(new URL(file.name, folder));
  if (!(await exists(path)))
    throw new AppError("model_invalid", `The network ${descriptor.id} is missing (${file.name}); install Upres again.`);
  if ((await sha256OfFile(path)) !== file.sha256) {
    throw new AppError(
      "model_invalid",
      `The network ${descriptor.id} (${file.name}) is not the one that was published; install Upres again.`,
    );
  }
  return path;
}

function fileFor(descriptor: BundledDescriptor, bitDepth: number): { readonly name: string; readonly sha256: string } {
  if (descriptor.kind === "judge") return descriptor.file;
  return bitDepth > 8 ? descriptor.files.u16 : descriptor.files.u8;
}
