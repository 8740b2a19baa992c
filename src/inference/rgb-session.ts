import { InferenceSession, Tensor } from "onnxruntime-node";
import { AppError } from "../domain/errors.ts";
import type { Picture } from "./test-picture.ts";

/** What goes in and out; `fixedSide` where the network takes squares of one size. */
export type Ends = { readonly inputName: string; readonly outputName: string; readonly fixedSide: number | undefined };

export async function openSession(path: string, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw invalid(`it cannot be opened (${reasonOf(cause)})`, cause);
  }
}

/** Throws: AppError `model_invalid` unless one picture goes in and one comes out. */
export function readEnds({ inputMetadata, outputMetadata }: InferenceSession): Ends {
  const [input] = inputMetadata;
  const [output] = outputMetadata;
  if (input === undefined || output === undefined || inputMetadata.length !== 1 || outputMetadata.length !== 1) {
    throw invalid(`it has ${inputMetadata.length} inputs and ${outputMetadata.length} outputs instead of one picture each`);
  }
  for (const end of [input, output]) {
    const isPicture = end.isTensor && end.type === "float32" && end.shape.length === 4;
    if (!isPicture)
      throw invalid(
        `${end.name} is ${end.isTensor ? `${end.type} of ${end.shape.length} axes` : "no tensor"}; float32 [1, 3, H, W] is needed`,
      );
    const [batch, channels] = end.shape;
    if ((typeof batch === "number" && batch > 1) || (typeof channels === "number" && channels > 0 && channels !== 3)) {
      throw invalid(`${end.name} has the shape [${end.shape.join(", ")}]; [1, 3, H, W] is needed`);
    }
  }
  const [height, width] = input.isTensor ? input.shape.slice(2) : [];
  const fixed = [height, width].filter((side) => typeof side === "number" && side > 0);
  if (fixed.length === 0) return { inputName: input.name, outputName: output.name, fixedSide: undefined };
  if (fixed.length !== 2 || height !== width || Number(height) < 32 || Number(height) > 2048) {
    throw invalid(`its fixed size ${String(width)}x${String(height)} is not a square from 32 to 2048 pixels`);
  }
  return { inputName: input.name, outputName: output.name, fixedSide: Number(height) };
}

/** Throws: AppError `model_invalid` unless the answer is a picture of numbers. */
export async function runOnce(session: InferenceSession, { inputName, outputName }: Ends, picture: Picture): Promise<Picture> {
  const { data, width, height } = picture;
  const found = await session
    .run({ [inputName]: new Tensor("float32", data, [1, 3, height, width]) })
    .catch((cause: unknown) =>
      Promise.reject(invalid(`it fails on a picture of ${width}x${height} (${reasonOf(cause)})`, cause)),
    );
  const output = found[outputName];
  const [batch, channels, outputHeight, outputWidth] = output?.dims ?? [];
  if (output?.type !== "float32" || batch !== 1 || channels !== 3 || outputHeight === undefined || outputWidth === undefined) {
    throw invalid(`it answers ${output?.type ?? "nothing"} [${output?.dims.join(", ") ?? ""}] instead of a picture`);
  }
  const samples = output.data as Float32Array; // the type is checked above
  if (!samples.every(Number.isFinite)) throw invalid("it gives values that are no numbers");
  return { data: samples, width: outputWidth, height: outputHeight };
}

/** The error for a network that is not one for us; `what` completes a sentence. */
export function invalid(what: string, cause?: unknown): AppError {
  return new AppError("model_invalid", `The network cannot be used: ${what}.`, cause === undefined ? {} : { cause });
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").slice(0, 300).replace(/[.]$/, "");
}
