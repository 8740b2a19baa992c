import { AppError } from "../domain/errors.ts";
import type { MediaInfo, MediaStream, VideoStream } from "../domain/media-info.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { Container } from "../domain/upscale-request.ts";

const keptAudio: Record<Container, RegExp> = {
  mp4: /^(aac|mp3|mp2|ac3|eac3|opus|flac|alac|dts|truehd)$/,
  mov: /^(aac|mp3|ac3|eac3|alac|pcm_.*|amr_nb|amr_wb)$/,
  webm: /^(opus|vorbis)$/,
};
const textSubtitles = /^(subrip|text|ass|ssa|webvtt|mov_text)$/;
const stillCodecs = /^(png|mjpeg|bmp|webp|tiff|gif|jpegxl)$/;
/** Formats of one picture. */
export const stillContainers = /_pipe|^image2/;

/** The video to enhance: not a cover picture, marked default before not, and the one with most packets.
 *  Throws: AppError `no_video`. */
export function selectVideo(media: MediaInfo, packetsOf: (index: number) => number): VideoStream {
  const videos = media.streams.filter((stream) => stream.kind === "video");
  const moving = videos.filter((stream) => !stream.isCoverArt && stream.codec !== "none" && stream.codedSize.width > 0);
  if (stillContainers.test(media.container)) {
    throw new AppError("no_video", "The input is a still image, not a video; give a video file.");
  }
  const [best] = moving.toSorted(
    (a, b) => Number(b.isDefault) - Number(a.isDefault) || packetsOf(b.index) - packetsOf(a.index) || a.index - b.index,
  );
  if (best !== undefined) return best;
  const hasAudio = media.streams.some((stream) => stream.kind === "audio");
  throw new AppError("no_video", `The input has no video track${hasAudio ? ", only sound" : ""}; give a file with a picture.`);
}

/** Decides for every other stream whether it is copied, converted or left out of the output container, and why. */
export function decideStreams(media: MediaInfo, mainIndex: number, container: Container): readonly StreamDecision[] {
  return media.streams.filter((stream) => stream.index !== mainIndex).map((stream) => decide(stream, container));
}

function decide(stream: MediaStream, container: Container): StreamDecision {
  const { index, kind, codec } = stream;
  const base = { index, kind, codec, language: stream.metadata["language"] };
  const name = container.toUpperCase();
  const keep = (reason = `${name} holds ${codec}: copied`): StreamDecision => ({ ...base, action: "keep", reason });
  const drop = (reason: string): StreamDecision => ({ ...base, action: "drop", reason });
  switch (stream.kind) {
    case "video":
      if (!stream.isCoverArt) return drop("only the main video track is enhanced");
      return container === "mp4" && stillCodecs.test(codec)
        ? keep("cover picture, copied")
        : drop(`${name} holds no cover picture`);
    case "audio": {
      if (codec === "none" || stream.channels === 0) return drop("the track does not say what codec it is in");
      if (keptAudio[container].test(codec)) return keep();
      const to = container === "webm" ? "opus" : "aac";
      return { ...base, action: "convert", to, reason: `${name} does not hold ${codec}: converted to ${to}` };
    }
    case "subtitle": {
      const to = container === "webm" ? "webvtt" : "mov_text";
      if (codec === to) return keep();
      if (textSubtitles.test(codec)) {
        const lost = codec === "ass" || codec === "ssa" ? ", its styling is lost" : "";
        return { ...base, action: "convert", to, reason: `${name} does not hold ${codec}: converted to ${to}${lost}` };
      }
      if (codec === "dvd_subtitle" && container === "mp4") return keep();
      return drop(`${name} does not hold ${codec} picture subtitles`);
    }
    case "attachment":
      return drop(`${name} holds no attachments`);
    case "data":
      if (codec === "gpmd" && container === "mp4") return keep("camera telemetry, copied");
      if (codec === "text") {
        return drop(
          container === "webm" ? "a chapter track, which WebM does not hold" : "a chapter track: its chapters are written anew",
        );
      }
      return drop(`a ${codec} data track that ${name} does not hold`);
  }
}
