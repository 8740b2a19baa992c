import type { Chapter, ColorInfo, HdrMetadata, Size } from "../domain/media-info.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { PlannedNetwork } from "./plan.ts";
import type { Decision } from "./decisions.ts";
import type { StageName } from "./stage-plan.ts";
import type { StageFacts } from "./stages/stage.ts";

export type MediaFacts = {
  readonly path: string;
  readonly container: string;
  readonly sizeBytes: number;
  readonly codec: string;
  readonly size: Size;
  readonly pixelFormat: string;
  readonly color: ColorInfo;
  readonly hdr: HdrMetadata;
  readonly frames: number;
  readonly frameRate: string;
  readonly durationSeconds: number;
  readonly videoStartSeconds: number;
  readonly audioStartSeconds: number | undefined;
};

/** The output read back and compared with the source as it was restored: whole pictures, cleaned by the plan's stages.
 *  Differences are output minus source on the 8-bit scale. */
export type Comparison = {
  readonly sampledFrames: number;
  /** Luma of the output scaled down again against the source, dB over all sampled frames. */
  readonly psnrLuma: number;
  readonly colorDrift: { readonly y: number; readonly cb: number; readonly cr: number };
};

export type Report = {
  readonly upres: string;
  readonly state: "complete" | "partial";
  readonly partialBecause: readonly string[];
  readonly input: MediaFacts;
  readonly output: MediaFacts;
  readonly decisions: readonly Decision[];
  readonly streams: readonly StreamDecision[];
  readonly chapters: { readonly source: number; readonly output: number; readonly reason: string };
  readonly metadata: { readonly kept: readonly string[]; readonly dropped: readonly string[] };
  /** What was done to the picture besides enlarging it, in running order, with what each stage measured. */
  readonly stages: readonly {
    readonly name: StageName;
    readonly choice: string;
    readonly reason: string;
    readonly facts: StageFacts;
  }[];
  /** How near the enlarged pictures were to the cleaned source before they were encoded. */
  readonly fidelity: {
    readonly boundDb: number | undefined;
    readonly reason: string;
    /** Luma of all enlarged pictures scaled down again, undefined where nothing was held. */
    readonly psnrLuma: number | undefined;
    /** Pictures that were brought nearer, that took the gentler path, and that are below the bound all the same. */
    readonly frames: { readonly held: number; readonly corrected: number; readonly gentler: number; readonly below: number };
  };
  readonly frames: {
    /** As many as the source's packets tell. */
    readonly source: number;
    /** Given to the encoder. */
    readonly made: number;
    /** By the plan's rule of time; as many as were made where frames are kept, or some were lost. */
    readonly expected: number;
    /** Read back from the output. */
    readonly output: number;
    readonly damaged: number;
    readonly rejectedPackets: number;
    readonly repairedTimestamps: number;
    readonly black: number;
    readonly frozen: number;
  };
  readonly timing: {
    /** Largest difference between a frame's time in the output and the one it should have. */
    readonly largestTimestampErrorSeconds: number;
    /** Change of (audio start − video start); undefined without audio on both sides. */
    readonly audioOffsetSeconds: number | undefined;
  };
  readonly comparison: Comparison;
  readonly network: (PlannedNetwork & { readonly sha256: string; readonly chromaSha256?: string }) | undefined;
  readonly provider: { readonly name: string; readonly reason: string };
  readonly speed: {
    readonly wallSeconds: number;
    /** Frames made in this run, without those of reused segments, by its whole time. */
    readonly framesPerSecond: number;
    readonly segments: number;
    readonly segmentsReused: number;
    readonly tilesComputed: number;
    readonly tilesReused: number;
    /** Processor time of the inference threads. */
    readonly networkCpuSeconds: number;
  };
};

export type Bound = {
  readonly name: string;
  readonly holds: (report: Report) => boolean;
  readonly describe: (report: Report) => string;
};

/** What a result must satisfy to be called one. */
export const bounds: readonly Bound[] = [
  {
    name: "frame count",
    holds: ({ frames }) => frames.output === frames.expected && frames.made === frames.expected,
    describe: ({ frames }) =>
      `the output has ${frames.output} frames, ${frames.made} were made and ${frames.expected} are right for this source`,
  },
  {
    name: "timestamps",
    holds: ({ timing, output }) => timing.largestTimestampErrorSeconds <= (output.container.includes("webm") ? 0.00051 : 1e-6),
    describe: ({ timing }) => `a frame is ${(timing.largestTimestampErrorSeconds * 1000).toFixed(3)} ms away from its time`,
  },
  {
    name: "audio offset",
    holds: ({ timing }) => Math.abs(timing.audioOffsetSeconds ?? 0) <= 0.001,
    describe: ({ timing }) => `the sound moved by ${((timing.audioOffsetSeconds ?? 0) * 1000).toFixed(2)} ms against the picture`,
  },
  {
    name: "black frames",
    holds: ({ frames }) => frames.black === 0,
    describe: ({ frames }) => `${frames.black} frames became black`,
  },
  {
    name: "frozen frames",
    holds: ({ frames }) => frames.frozen === 0,
    describe: ({ frames }) => `${frames.frozen} frames stand still although the source moves`,
  },
  {
    name: "consistency",
    holds: ({ comparison }) => comparison.psnrLuma >= 22,
    describe: ({ comparison }) => `the output scaled down is ${comparison.psnrLuma.toFixed(1)} dB from the source, below 22 dB`,
  },
  {
    name: "colour drift",
    holds: ({ comparison: { colorDrift } }) => Math.max(...Object.values(colorDrift).map(Math.abs)) <= 1.5,
    describe: ({ comparison: { colorDrift } }) =>
      `colour moved by Y ${colorDrift.y.toFixed(2)}, Cb ${colorDrift.cb.toFixed(2)}, Cr ${colorDrift.cr.toFixed(2)} of 255`,
  },
];

/** The bounds that a report breaks, each as a phrase. */
export function brokenBounds(report: Report): readonly string[] {
  return bounds.filter((bound) => !bound.holds(report)).map((bound) => bound.describe(report));
}

/** Chapters beyond what the container was asked to hold. */
export function chapterReason(source: readonly Chapter[], container: string): string {
  if (source.length === 0) return "the source has none";
  return container === "webm" ? "chapters are not written to WebM yet" : "copied";
}
