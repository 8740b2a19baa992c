import type { Rational } from "./rational.ts";

export type Size = { readonly width: number; readonly height: number };

/** Colour description in the names FFmpeg and the ITU tables use; "unknown" when the source does not say. */
export type ColorInfo = {
  readonly range: "limited" | "full" | "unknown";
  readonly matrix: string;
  readonly primaries: string;
  readonly transfer: string;
  readonly chromaLocation: string;
};

/** HDR10 static metadata. Primaries in 1/50000, luminance in 1/10000 cd/m², light levels in cd/m². */
export type HdrMetadata = {
  readonly mastering?: {
    readonly redX: number;
    readonly redY: number;
    readonly greenX: number;
    readonly greenY: number;
    readonly blueX: number;
    readonly blueY: number;
    readonly whiteX: number;
    readonly whiteY: number;
    readonly minLuminance: number;
    readonly maxLuminance: number;
  };
  readonly contentLight?: { readonly maxCll: number; readonly maxFall: number };
};

/** How the decoded picture must be turned to stand upright: clockwise quarter turns after an optional mirror. */
export type Orientation = { readonly mirrored: boolean; readonly quarterTurnsClockwise: 0 | 1 | 2 | 3 };

export type PixelFormatInfo = {
  readonly name: string;
  readonly bitDepth: number;
  readonly chroma: "gray" | "420" | "422" | "444" | "other";
  readonly isRgb: boolean;
  readonly hasAlpha: boolean;
};

export type VideoStream = {
  readonly kind: "video";
  readonly index: number;
  readonly codec: string;
  readonly codedSize: Size;
  readonly pixelFormat: PixelFormatInfo;
  readonly sampleAspect: Rational;
  readonly orientation: Orientation;
  readonly color: ColorInfo;
  readonly hdr: HdrMetadata;
  readonly hasDolbyVision: boolean;
  readonly fieldOrder: "progressive" | "top_first" | "bottom_first" | "unknown";
  readonly timeBase: Rational;
  readonly averageRate: Rational;
  readonly startTicks: bigint | undefined;
  readonly isCoverArt: boolean;
  readonly isDefault: boolean;
  readonly metadata: Readonly<Record<string, string>>;
};

export type AudioStream = {
  readonly kind: "audio";
  readonly index: number;
  readonly codec: string;
  readonly channels: number;
  readonly sampleRate: number;
  readonly startSeconds: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
};

export type OtherStream = {
  readonly kind: "subtitle" | "attachment" | "data";
  readonly index: number;
  readonly codec: string;
  readonly metadata: Readonly<Record<string, string>>;
};

export type MediaStream = VideoStream | AudioStream | OtherStream;

export type Chapter = { readonly startSeconds: number; readonly endSeconds: number; readonly title: string };

/** What a container says about itself. `durationSeconds` is undefined when it does not say. */
export type MediaInfo = {
  readonly container: string;
  readonly sizeBytes: number;
  readonly durationSeconds: number | undefined;
  readonly startSeconds: number;
  /** True for formats whose clock starts anywhere (MPEG-TS and PS): the offset carries no meaning. */
  readonly hasArbitraryClock: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly chapters: readonly Chapter[];
  readonly streams: readonly MediaStream[];
};
