import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AVERROR_ENOMEM,
  Codec,
  CodecContext,
  CodecParameters,
  Dictionary,
  FilterGraph,
  Frame,
  Packet,
  Rational as NativeRational,
  type AVSampleFormat,
  type ChannelLayout,
  avChannelLayoutDefault,
  avChannelLayoutDescribe,
  avGetSampleFmtName,
  type FilterContext,
  type Stream,
} from "node-av";
import { AppError } from "../domain/errors.ts";
import { check, isAgain, isEndOfFile } from "./ffmpeg.ts";

export type AudioTarget = "aac" | "opus";

const encoders = {
  aac: { codec: "aac", sampleFormat: "fltp", rates: "", bitsPerSecondPerChannel: 96_000 },
  opus: { codec: "libopus", sampleFormat: "flt", rates: ":sample_rates=48000", bitsPerSecondPerChannel: 80_000 },
} as const;

/** Re-encodes one audio stream packet by packet, keeping its clock; gaps become silence.
 *  Owns: decoder, resampler and encoder. */
export class AudioTranscoder implements Disposable {
  readonly #decoder: CodecContext;
  readonly #encoder: CodecContext;
  readonly #graph: FilterGraph;
  readonly #input: FilterContext;
  readonly #output: FilterContext;
  rejectedPackets = 0;

  private constructor(decoder: CodecContext, encoder: CodecContext, graph: FilterGraph, ends: [FilterContext, FilterContext]) {
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#graph = graph;
    [this.#input, this.#output] = ends;
  }

  /** `startSeconds` is the first packet's time: where the decoder swallows its first packets, silence stands instead. */
  static async open(stream: Stream, target: AudioTarget, startSeconds: number): Promise<AudioTranscoder> {
    const decoder = await openDecoder(stream);
    const { codec: name, sampleFormat, rates, bitsPerSecondPerChannel } = encoders[target];
    const layout = layoutName(decoder);
    const frameSamples = target === "aac" ? 1024 : 960;
    const graph = new FilterGraph();
    graph.alloc();
    // Two resamplers: the first sets the times at the source's own rate, since while it changes the rate its first time is off.
    const timing = `async=1:min_hard_comp=0.05:osr=${decoder.sampleRate}:first_pts=${Math.round(startSeconds * decoder.sampleRate)}`;
    const description =
      `abuffer@in=time_base=1/${decoder.sampleRate}:sample_rate=${decoder.sampleRate}` +
      `:sample_fmt=${avGetSampleFmtName(decoder.sampleFormat)}:channel_layout=${layout},` +
      `aresample=${timing},aformat=sample_fmts=${sampleFormat}${rates}:channel_layouts=${layout},` +
      `asetnsamples=n=${frameSamples}:p=0,abuffersink@out`;
    check(graph.parsePtr(description), "internal", `The audio filter chain ${description} is not valid`);
    check(graph.configSync(), "internal", "The audio filter chain cannot be set up");
    const input = graph.getFilter("abuffer@in");
    const output = graph.getFilter("abuffersink@out");
    const codec = Codec.findEncoderByName(name as never); // names come from the table above
    if (input === null || output === null || codec === null)
      throw new AppError("internal", `The FFmpeg build has no ${name} encoder.`);
    const encoder = new CodecContext();
    encoder.allocContext3(codec);
    encoder.sampleRate = output.buffersinkGetSampleRate();
    encoder.sampleFormat = output.buffersinkGetFormat() as AVSampleFormat; // an audio sink's format
    encoder.channelLayout = output.buffersinkGetChannelLayout();
    encoder.timeBase = new NativeRational(1, encoder.sampleRate);
    encoder.bitRate = BigInt(bitsPerSecondPerChannel * Math.max(1, decoder.channels));
    encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    const options = Dictionary.fromObject(target === "opus" && decoder.channels > 2 ? { mapping_family: "1" } : {});
    check(
      await encoder.open2(codec, options),
      "encode_failed",
      `The ${name} encoder refuses ${layout} at ${encoder.sampleRate} Hz`,
    );
    return new AudioTranscoder(decoder, encoder, graph, [input, output]);
  }

  /** The new stream's description. Owns: the caller disposes it. */
  parameters(): CodecParameters {
    const parameters = new CodecParameters();
    parameters.alloc();
    check(parameters.fromContext(this.#encoder), "encode_failed", "The audio encoder gives no stream description");
    return parameters;
  }

  /** Silence that the encoder puts before the first sample. */
  get primingSeconds(): number {
    using parameters = this.parameters();
    return parameters.initialPadding / this.#encoder.sampleRate;
  }

  get timeBase(): NativeRational {
    return this.#encoder.timeBase;
  }

  /** Feeds one packet, or null to drain. Owns: yielded packets are the caller's. */
  async *transcode(packet: Packet | null): AsyncGenerator<Packet> {
    const sent = await this.#decoder.sendPacket(packet);
    if (sent < 0 && !isAgain(sent) && !isEndOfFile(sent)) this.rejectedPackets += 1;
    using frame = new Frame();
    frame.alloc();
    for (;;) {
      const code = await this.#decoder.receiveFrame(frame);
      if (code === AVERROR_ENOMEM) check(code, "out_of_memory", "There is no memory to decode the audio");
      if (code < 0) break;
      frame.timeBase = new NativeRational(1, frame.sampleRate);
      if (isUnnamed(frame.channelLayout)) frame.channelLayout = avChannelLayoutDefault(frame.channels);
      frame.pts = rescale(frame.bestEffortTimestamp, this.#decoder.pktTimebase, frame.sampleRate);
      check(await this.#input.buffersrcAddFrame(frame), "internal", "The audio resampler refused a frame");
      yield* this.#encodeReady();
    }
    if (packet !== null) return;
    check(await this.#input.buffersrcAddFrame(null), "internal", "The audio resampler cannot be drained");
    yield* this.#encodeReady();
    check(await this.#encoder.sendFrame(null), "encode_failed", "The audio encoder cannot be drained");
    yield* this.#receive();
  }

  async *#encodeReady(): AsyncGenerator<Packet> {
    using frame = new Frame();
    frame.alloc();
    while ((await this.#output.buffersinkGetFrame(frame)) >= 0) {
      check(await this.#encoder.sendFrame(frame), "encode_failed", "The audio encoder refused a frame");
      frame.unref();
      yield* this.#receive();
    }
  }

  async *#receive(): AsyncGenerator<Packet> {
    for (;;) {
      const packet = new Packet();
      packet.alloc();
      if ((await this.#encoder.receivePacket(packet)) < 0) {
        packet.free();
        return;
      }
      yield packet;
    }
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#encoder[Symbol.dispose]();
    this.#graph.free();
  }
}

/** Some formats give a number of channels without saying which; then the usual layout of that number is meant. */
function layoutName(decoder: CodecContext): string {
  const layout = isUnnamed(decoder.channelLayout) ? avChannelLayoutDefault(decoder.channels) : decoder.channelLayout;
  return avChannelLayoutDescribe(layout) ?? `${decoder.channels}c`;
}

function isUnnamed(layout: ChannelLayout): boolean {
  return layout.order === 0;
}

function rescale(ticks: bigint, timeBase: { num: number; den: number }, rate: number): bigint {
  return (ticks * BigInt(timeBase.num) * BigInt(rate)) / BigInt(timeBase.den);
}

async function openDecoder(stream: Stream): Promise<CodecContext> {
  const codec = Codec.findDecoder(stream.codecpar.codecId);
  if (codec === null) throw new AppError("unsupported_input", "An audio track's codec is not supported.");
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(stream.codecpar), "decode_failed", "An audio track's header cannot be used");
  decoder.pktTimebase = stream.timeBase;
  check(await decoder.open2(codec, null), "decode_failed", `The ${codec.name ?? "audio"} decoder refuses this track`);
  return decoder;
}
