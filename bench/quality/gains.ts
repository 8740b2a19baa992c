import type { DegradationName } from "./degradations.ts";
import type { Scores } from "./metrics.ts";
import type { Measurement } from "./store.ts";

/** All measurements of one degradation at one factor. */
export type Group = { readonly degradation: DegradationName; readonly factor: number; readonly rows: readonly Measurement[] };

/** What one contender has more than another on one clip; times as its own divided by the other's. */
export type Gain = {
  readonly clip: string;
  readonly scores: Scores;
  readonly flickerRatio: number;
  readonly cpuRatio: number;
  readonly networkRatio: number;
};

/** The measurements of each degradation and factor, in the order given. */
export function groupsOf(measurements: readonly Measurement[]): readonly Group[] {
  const found = Map.groupBy(measurements, ({ degradation, factor }) => `${degradation} ${factor}`);
  return [...found.values()].flatMap((rows): Group[] => {
    const [first] = rows;
    return first === undefined ? [] : [{ degradation: first.degradation, factor: first.factor, rows }];
  });
}

/** What gains are over: Lanczos, or the source where the picture keeps its size. */
export function baselineOf({ factor }: Pick<Group, "factor">): "lanczos" | "source" {
  return factor === 1 ? "source" : "lanczos";
}

export function contendersOf({ rows }: Group): readonly string[] {
  return [...new Set(rows.map(({ contender }) => contender))];
}

export function websrOf(group: Group): readonly string[] {
  return contendersOf(group).filter((name) => name.startsWith("websr-"));
}

export function clipsOf({ rows }: Group): readonly string[] {
  return [...new Set(rows.map(({ clip }) => clip))].toSorted((a, b) => a.localeCompare(b));
}

/** On each clip that both were measured on. */
export function gainsOver(
  { rows }: Group,
  { contender, baseline }: { readonly contender: string; readonly baseline: string },
): readonly Gain[] {
  return rows.flatMap((own): Gain[] => {
    const other = rows.find((row) => row.contender === baseline && row.clip === own.clip);
    if (own.contender !== contender || other === undefined) return [];
    const difference = (name: keyof Scores): number => own.scores[name] - other.scores[name];
    return [
      {
        clip: own.clip,
        scores: {
          psnr: difference("psnr"),
          ssim: difference("ssim"),
          xpsnr: difference("xpsnr"),
          vif: difference("vif"),
          psnrCb: difference("psnrCb"),
          psnrCr: difference("psnrCr"),
          flicker: difference("flicker"),
          excessChange: difference("excessChange"),
        },
        flickerRatio: own.scores.flicker / other.scores.flicker,
        cpuRatio: own.cpuSecondsPerFrame / other.cpuSecondsPerFrame,
        networkRatio: own.networkSecondsPerFrame / other.networkSecondsPerFrame,
      },
    ];
  });
}
