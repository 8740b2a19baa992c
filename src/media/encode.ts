import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  Codec,
  CodecContext,
  CodecParameters,
  Dictionary,
  Packet,
  Rational as NativeRational,
} from "node-av";
import { throwIfAborted } from "../core/async.ts";
import { AppError } from "../domain/errors.ts";
import type { ColorInfo, Size } from "../domain/media-info.ts";
import type { Rational } from "../domain/rational.ts";
import { writeColor } from "./color.ts";
import { check, isAgain, isEndOfFile } from "./ffmpeg.ts";
import type { VideoFrame } from "./frame.ts";
import { pixelFormat } from "./pixel-format.ts";
import { repeatableOptions } from "./repeatable.ts";

export type EncodeSettings = {
  readonly codec: string;
  readonly size: Size;
  readonly pixelFormat: string;
  readonly timeBase: Rational;
  readonly frameRate: Rational;
  /** Left out: square pixels. */
  readonly sampleAspect?: Rational;
  readonly color: ColorInfo;
  readonly threads: number;
  readonly gopFrames: number;
  /** The encoder's own options by FFmpeg's names. */
  readonly options: Readonly<Record<string, string>>;
};

export type EncodedPacket = {
  readonly pts: bigint;
  readonly dts: bigint;
  readonly durationTicks: bigint;
  readonly isKey: boolean;
  readonly data: Buffer;
};

/** An open video encoder. Owns: the native context. */
export class VideoEncoder implements Disposable {
  readonly #context: CodecContext;

  private constructor(context: CodecContext) {
    this.#context = context;
  }

  static async open(settings: EncodeSettings): Promise<VideoEncoder> {
    const codec = Codec.findEncoderByName(settings.codec as never); // names come from our own table
    if (codec === null) throw new AppError("encode_failed", `The FFmpeg build has no ${settings.codec} encoder.`);
    const context = new CodecContext();
    try {
      context.allocContext3(codec);
      context.width = settings.size.width;
      context.height = settings.size.height;
      context.pixelFormat = pixelFormat(settings.pixelFormat);
      context.timeBase = new NativeRational(settings.timeBase.num, settings.timeBase.den);
      context.framerate = new NativeRational(settings.frameRate.num, settings.frameRate.den);
      const { num, den } = settings.sampleAspect ?? { num: 1, den: 1 };
      context.sampleAspectRatio = new NativeRational(num, den);
      context.gopSize = settings.gopFrames;
      context.threadCount = settings.threads;
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      writeColor(context, settings.color);
      const options = Dictionary.fromObject({ ...(await repeatableOptions(settings.codec)), ...settings.options });
      check(await context.open2(codec, options), "encode_failed", `The ${settings.codec} encoder refuses its settings`);
      return new VideoEncoder(context);
    } catch (error) {
      context[Symbol.dispose]();
      throw error;
    }
  }

  /** The stream description that a muxer needs. Owns: the caller disposes it. */
  parameters(): CodecParameters {
    const parameters = new CodecParameters();
    parameters.alloc();
    check(parameters.fromContext(this.#context), "encode_failed", "The encoder gives no stream description");
    return parameters;
  }

  /** Base64 of the stream header, which all segments of a job must share. */
  extradata(): string {
    return this.#context.extraData?.toString("base64") ?? "";
  }

  /** Encodes all frames and drains the encoder.  Owns: takes each frame. */
  async *encode(frames: AsyncIterable<VideoFrame>, signal?: AbortSignal): AsyncGenerator<EncodedPacket> {
    const durations = new Map<bigint, bigint>();
    for await (const frame of frames) {
      using owned = frame;
      throwIfAborted(signal);
      durations.set(owned.pts, owned.durationTicks);
      check(await this.#context.sendFrame(owned.native), "encode_failed", "The encoder refused a frame");
      yield* this.#receive(durations);
    }
    check(await this.#context.sendFrame(null), "encode_failed", "The encoder cannot be drained");
    yield* this.#receive(durations);
  }

  async *#receive(durations: Map<bigint, bigint>): AsyncGenerator<EncodedPacket> {
    using packet = new Packet();
    packet.alloc();
    for (;;) {
      const code = await this.#context.receivePacket(packet);
      if (isAgain(code) || isEndOfFile(code)) return;
      check(code, "encode_failed", "The encoder failed");
      const durationTicks = durations.get(packet.pts) ?? packet.duration;
      durations.delete(packet.pts);
      const data = packet.data === null ? Buffer.alloc(0) : Buffer.from(packet.data);
      yield { pts: packet.pts, dts: packet.dts, durationTicks, isKey: packet.isKeyframe, data };
      packet.unref();
    }
  }

  [Symbol.dispose](): void {
    this.#context[Symbol.dispose]();
  }
}
