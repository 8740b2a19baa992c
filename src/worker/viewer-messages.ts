import type { Assumptions } from "../domain/assumptions.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { PresetClues } from "../domain/preset-clues.ts";
import type { Size } from "../domain/media-info.ts";
import type { Tier, UpscaleRequest } from "../domain/upscale-request.ts";
import type { Region } from "../media/picture.ts";
import type { Stretch } from "./demanding.ts";
import type { EngineFailure } from "./engine-messages.ts";

/** What a process that looks at videos for people is asked, one after the other. Paths are of local files that stay. */
export type ViewerTask =
  | {
      readonly type: "look";
      readonly path: string;
      /** Left out: the preset that fits what is found. */
      readonly request: Omit<UpscaleRequest, "tier" | "preset"> & { readonly preset?: UpscaleRequest["preset"] };
      readonly threads: number;
    }
  | { readonly type: "cut"; readonly path: string; readonly outputPath: string; readonly threads: number }
  | { readonly type: "picture"; readonly path: string }
  | { readonly type: "times"; readonly path: string; readonly from: number; readonly count: number }
  | {
      readonly type: "frame";
      readonly path: string;
      /** Counted from the first frame. */
      readonly at: { readonly index: number } | { readonly seconds: number };
      readonly region: Region | undefined;
      readonly maxWidth: number | undefined;
      readonly format: "png" | "jpeg";
    };

export type FoundTier =
  | {
      readonly tier: Tier;
      readonly network: string | undefined;
      readonly output: Size & { readonly frames: number; readonly frameRate: number };
      readonly segments: number;
      readonly multiplyAdds: number;
      readonly encoder: { readonly codec: string; readonly crf: number };
      /** Of the tracks that are copied beside the picture. */
      readonly copiedBytes: number;
      readonly decisions: readonly { readonly topic: string; readonly choice: string; readonly reason: string }[];
    }
  | { readonly tier: Tier; readonly failure: { readonly code: ErrorCode; readonly message: string } };

export type Findings = readonly { readonly topic: string; readonly finding: string; readonly reason: string }[];

export type LookAnswer = {
  readonly picture: PictureFacts;
  readonly source: {
    readonly sizeBytes: number;
    readonly container: string;
    readonly bitDepth: number;
    readonly pixelFormat: string;
    readonly hdr: "sdr" | "hdr10" | "hlg";
    readonly interlaced: boolean;
    readonly audioTracks: number;
    readonly subtitleTracks: number;
    readonly chapters: number;
    /** Of the picture alone. */
    readonly bitsPerSecond: number | undefined;
  };
  readonly findings: Findings;
  readonly clues: PresetClues;
  /** What was found, for jobs on a part of the video to go by. */
  readonly assume: Assumptions;
  readonly usedPreset: UpscaleRequest["preset"];
  readonly isProposalAvailable: boolean;
  readonly demanding: Stretch;
  readonly tiers: readonly FoundTier[];
};

/** A video as a player would show it. Seconds from the file's own zero for the first frame, from there for all else. */
export type PictureFacts = {
  readonly container: string;
  readonly codec: string;
  /** The codec's own numbers, below 0 where they are not known. */
  readonly profile: number;
  readonly level: number;
  readonly bitDepth: number;
  readonly chroma: string;
  readonly size: Size;
  readonly frames: number;
  readonly frameRate: number;
  readonly isConstantRate: boolean;
  readonly firstSeconds: number;
  readonly durationSeconds: number;
};

export type CutAnswer = {
  readonly stretch: Stretch;
  readonly container: "mp4" | "webm";
  readonly size: Size;
  readonly frames: number;
};

export type FrameAnswer = {
  readonly data: Uint8Array;
  readonly index: number;
  readonly seconds: number;
  readonly frames: number;
  readonly shown: Size;
};

export type TimesAnswer = { readonly total: number; readonly seconds: readonly number[] };

export type ViewerAnswers = {
  readonly look: LookAnswer;
  readonly cut: CutAnswer;
  readonly picture: PictureFacts;
  readonly times: TimesAnswer;
  readonly frame: FrameAnswer;
};

export type ViewerReply =
  | { readonly id: number; readonly answer: ViewerAnswers[keyof ViewerAnswers] }
  | { readonly id: number; readonly failure: EngineFailure };
export type ViewerCommand = { readonly id: number; readonly task: ViewerTask };
