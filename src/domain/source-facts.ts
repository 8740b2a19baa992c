import type { JobSource } from "./job.ts";
import type { Size } from "./media-info.ts";

/** What a caller's file is, found by reading it. */
export type SourceFacts = {
  readonly kind: "video" | "image" | "audio";
  /** Of the picture, or of the sound where there is none; 0 for an image. */
  readonly durationSeconds: number;
  /** As a player shows it: square pixels, upright; undefined for sound alone. */
  readonly size: Size | undefined;
  /** Frames a second; 0 without moving pictures. */
  readonly frameRate: number;
  readonly hasAudio: boolean;
};

export type InspectedSource = {
  /** Where the file lies in the object store now. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly facts: SourceFacts;
};

/** Brings a source to the object store, unless it lies there, and looks at it in a process of its own.
 *  Throws: AppError `download_failed`, `upload_too_large`, `object_not_found`, `input_unreadable`, `no_video` for a file
 *  without picture or sound, `rate_limited` when too many are looked at. */
export type InspectSource = (
  source: JobSource,
  options: { readonly timeoutMs: number; readonly maxBytes?: number; readonly signal?: AbortSignal },
) => Promise<InspectedSource>;
