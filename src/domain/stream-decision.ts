/** What happens to one source stream other than the video that is enhanced. */
export type StreamDecision = {
  readonly index: number;
  readonly kind: "video" | "audio" | "subtitle" | "attachment" | "data";
  readonly codec: string;
  readonly language: string | undefined;
  readonly reason: string;
} & ({ readonly action: "keep" | "drop" } | { readonly action: "convert"; readonly to: "aac" | "opus" | "mov_text" | "webvtt" });
