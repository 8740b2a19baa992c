import { Dictionary, FormatContext, Packet } from "node-av";
import type { AppError } from "../domain/errors.ts";
import { check, isAgain, isEndOfFile } from "./ffmpeg.ts";

// Playlists and concatenation scripts are left out: they make FFmpeg open other files.
const acceptedFormats = [
  "mov",
  "mp4",
  "matroska",
  "webm",
  "mpegts",
  "mpeg",
  "mpegvideo",
  "avi",
  "flv",
  "asf",
  "gif",
  "ogg",
  "mxf",
  "nut",
  "dv",
  "h264",
  "hevc",
  "m4v",
  "ivf",
  "obu",
  "rm",
  "wtv",
  "3gp",
  "mp3",
  "wav",
  "aac",
  "flac",
  "image2",
  "png_pipe",
  "jpeg_pipe",
  "webp_pipe",
  "bmp_pipe",
  "tiff_pipe",
  "apng",
].join(",");

/** An opened local media file. Owns: the native context and the file handle. */
export class MediaSource implements AsyncDisposable {
  readonly context: FormatContext;
  readonly path: string;

  private constructor(context: FormatContext, path: string) {
    this.context = context;
    this.path = path;
  }

  /** Opens a local file; no network protocol and no playlist is ever followed.
   *  Throws: AppError `input_unreadable` when FFmpeg does not recognise it. */
  static async open(path: string): Promise<MediaSource> {
    const context = new FormatContext();
    const options = Dictionary.fromObject({ protocol_whitelist: "file", format_whitelist: acceptedFormats });
    try {
      const message = "The input is not a video file that can be read";
      check(await context.openInput(`file:${path}`, null, options), "input_unreadable", message);
      check(await context.findStreamInfo(), "input_unreadable", message);
      return new MediaSource(context, path);
    } catch (error) {
      await context.closeInput();
      throw error;
    }
  }

  /** Reads every packet to the end of the file. The same packet object is reused: clone what outlives one turn.
   *  A read error that is not the end of file ends the iteration and is told to `onReadError`. */
  async *packets(onReadError?: (error: AppError) => void): AsyncGenerator<Packet> {
    using packet = new Packet();
    packet.alloc();
    for (;;) {
      const code = await this.context.readFrame(packet);
      if (isAgain(code)) continue;
      if (code < 0) {
        if (!isEndOfFile(code)) onReadError?.(readError(code));
        return;
      }
      try {
        yield packet;
      } finally {
        packet.unref();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.closeInput();
  }
}

function readError(code: number): AppError {
  try {
    check(code, "input_unreadable", "Reading the input stopped early");
  } catch (error) {
    return error as AppError; // check throws nothing else
  }
  throw new RangeError(`${code} is not an error`);
}
