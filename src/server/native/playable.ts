import type { PictureFacts } from "../../worker/viewer-messages.ts";
import type { Playable } from "./page-wire.ts";

type Coded = Pick<PictureFacts, "container" | "codec" | "profile" | "level" | "bitDepth" | "chroma">;

/** Of H.264: baseline, main and high, which every player knows. */
const commonProfiles = new Set([66, 77, 100]);

/** Whether browsers play a video, as far as one can say without asking one. Of other codecs than H.264 `mime` names the usual profile.
 *  Source: https://developer.mozilla.org/en-US/docs/Web/Media/Guides/Formats/codecs_parameter */
export function playableOf({ container, codec, profile, level, bitDepth, chroma }: Coded): Playable {
  const isDeep = bitDepth > 8;
  const isMp4 = /mp4|mov/.test(container);
  const isWebm = /webm|matroska/.test(container);
  const type = isMp4 ? "video/mp4" : isWebm ? "video/webm" : "video/unknown";
  const played = (codecs: string, browsers: Playable["browsers"]): Playable => ({
    mime: `${type}; codecs="${codecs}"`,
    browsers: isMp4 || isWebm ? browsers : "no",
  });
  switch (codec) {
    case "h264":
      return played(avcName(profile, level), isMp4 && commonProfiles.has(profile & 0xff) ? "yes" : "some");
    case "hevc":
      return played(isDeep ? "hvc1.2.4.L153.B0" : "hvc1.1.6.L153.B0", chroma === "420" ? "some" : "no");
    case "vp8":
      return played("vp8", isWebm ? "yes" : "no");
    case "vp9":
      return played(isDeep ? "vp09.02.51.10" : "vp09.00.51.08", chroma === "420" ? "yes" : "some");
    case "av1":
      return played(isDeep ? "av01.0.13M.10" : "av01.0.13M.08", "some");
    default:
      return { mime: `${type}; codecs="${codec}"`, browsers: "no" };
  }
}

/** FFmpeg marks the constrained profiles with bit 9. */
function avcName(profile: number, level: number): string {
  if (profile < 0 || level < 0) return "avc1.640033";
  const bytes = [profile & 0xff, (profile & 0x200) === 0 ? 0 : 0x40, level];
  return `avc1.${Buffer.from(bytes).toString("hex").toUpperCase()}`;
}
