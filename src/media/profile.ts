import { MediaSource } from "./source.ts";

/** A codec's own numbers for what a decoder must be able to do; below 0 where a stream does not say. */
export type CodecProfile = { readonly profile: number; readonly level: number };

export async function readProfile(path: string, videoIndex: number): Promise<CodecProfile> {
  await using source = await MediaSource.open(path);
  const parameters = source.context.streams[videoIndex]?.codecpar;
  return { profile: Number(parameters?.profile ?? -1), level: Number(parameters?.level ?? -1) };
}
