import { writeFile } from "node:fs/promises";
import { AppError } from "../domain/errors.ts";
import type { InstalledModel } from "../domain/model-descriptor.ts";
import { examineRgbNetwork, type RgbFindings } from "../inference/examine.ts";
import { convertNcnn } from "../models/convert-ncnn.ts";
import { ModelStaging } from "../models/installed.ts";
import { inspectOnnx } from "../models/onnx-reader.ts";

export type AddModelOptions = {
  /** The user's folder of networks. */
  readonly folder: string;
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  readonly source: string;
  readonly sourceSha256: string;
  /** An ONNX file, or the two files of an ncnn network. */
  readonly network: { readonly onnx: Buffer } | { readonly param: string; readonly bin: Buffer };
  /** Refused when the network turns out to have another one. */
  readonly scale?: number;
  readonly threads: number;
  readonly signal?: AbortSignal;
};

export type AddedModel = { readonly model: InstalledModel; readonly findings: RgbFindings };

/** Converts a network where it must be, runs its self-test, and puts it into the folder; a failure leaves nothing there.
 *  Throws: AppError `model_invalid`, `bad_request`, `output_unwritable`. */
export async function addModel(options: AddModelOptions): Promise<AddedModel> {
  const { folder, id, title, licence, source, sourceSha256, network } = options;
  await using staging = await ModelStaging.open(folder, id);
  const onnx = "onnx" in network ? network.onnx : convertNcnn(network.param, network.bin);
  const { parameters } = inspectOnnx(onnx);
  await writeFile(staging.modelPath, onnx);
  const findings = await examineRgbNetwork(staging.modelPath, options.threads, options.signal);
  if (options.scale !== undefined && options.scale !== findings.scale) {
    throw new AppError("model_invalid", `The network makes pictures ${findings.scale} times larger, not ${options.scale} times.`);
  }
  const { psnr: _psnr, cutDifference: _cutDifference, ...facts } = findings;
  const model = await staging.commit({ kind: "rgb", id, title, licence, source, sourceSha256, parameters, ...facts });
  return { model, findings };
}
