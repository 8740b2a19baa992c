import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { Size } from "../domain/media-info.ts";
import { openSession } from "./rgb-session.ts";

/** Luma in 8-bit code values, row by row. */
export type JudgedPicture = Size & { readonly data: Float32Array };

/** A network that says one number of a picture: float32 luma [1, 1, H, W] in 8-bit code values to float32 [1].  Owns: its session. */
export class PictureJudge implements AsyncDisposable {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Throws: AppError `model_invalid`. */
  static async open(modelPath: string): Promise<PictureJudge> {
    return new PictureJudge(await openSession(modelPath, 1));
  }

  async judge({ data, width, height }: JudgedPicture): Promise<number> {
    const { verdict } = await this.#session.run({ luma: new Tensor("float32", data, [1, 1, height, width]) });
    const [value] = (verdict?.data ?? []) as Float32Array; // the output type of our network
    if (value === undefined || !Number.isFinite(value)) throw new RangeError("the network says no number");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}
