import { Codec } from "node-av";

/** Which of the named encoders the FFmpeg build contains. */
export function availableEncoders(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name) => Codec.findEncoderByName(name as never) !== null)); // any name may be asked for
}
