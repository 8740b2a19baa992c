import type { DegradationName } from "./degradations.ts";
import { contendersOf, type Gain, gainsOver, type Group, websrOf } from "./gains.ts";
import { mean, median, type Scores } from "./metrics.ts";
import { degradationTitles, flickerAgainstSource, signed } from "./tables.ts";

/** Something that the networks are to reach at x2. */
export type Aim = {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly isMet: boolean;
  /** Whether `--check` fails where it is missed. */
  readonly isFloor: boolean;
};

/** Mean gain over Lanczos in dB of luma PSNR. */
const wantedGains: Readonly<Record<string, Partial<Record<DegradationName, number>>>> = {
  fast: { clean: 0.6, crf23: 0.4, crf28: 0.2 },
  standard: { clean: 1, crf23: 0.75, crf28: 0.45 },
  pro: { clean: 1.5, crf23: 1.2, crf28: 0.9 },
};
/** Tiers whose aims are goals still to be reached. */
const isGoal = (name: string): boolean => name === "pro";
/** What networks for damage gain on the general ones of their tier, on what they were made for. */
const wantedSpecial: Partial<Record<DegradationName, { readonly preset: string; readonly gain: number }>> = {
  ugc: { preset: "ugc", gain: 0.3 },
  oldfilm: { preset: "old_film", gain: 1 },
};
const steady = ["standard", "pro"];
const wantedSpeed = 50;

/** Every aim that the measurements tell something about. */
export function judge(groups: readonly Group[]): readonly Aim[] {
  return groups
    .filter(({ factor }) => factor === 2)
    .flatMap((group) => [
      ...tierAims(group),
      ...productAims(group),
      ...specialAims(group),
      ...flickerAims(group),
      ...chromaAims(group),
      ...websrAims(group),
      ...largeNetworkAims(group),
    ]);
}

function tierAims(group: Group): readonly Aim[] {
  return contendersOf(group).flatMap((contender): Aim[] => {
    const wanted = wantedGains[contender]?.[group.degradation];
    const gains = gainsOver(group, { contender, baseline: "lanczos" });
    if (wanted === undefined || gains.length === 0) return [];
    const what = `${contender}, ${degradationTitles[group.degradation]}`;
    const isFloor = !isGoal(contender);
    const rises = (["ssim", "xpsnr", "vif"] as const).map((name) => average(gains, name));
    return [
      gainAim({ what: `${what}: gain over Lanczos`, gain: average(gains, "psnr"), wanted, isFloor }),
      { ...neverBelow(what, gains), isFloor },
      {
        what: `${what}: SSIM, XPSNR and VIF rise`,
        wanted: "above 0",
        found: rises.map((rise) => signed(rise, 4)).join(", "),
        isMet: rises.every((rise) => rise > 0),
        isFloor,
      },
    ];
  });
}

/** The default preset is not worse than Lanczos, whatever the source is; what makes crisper is so by what SSIM counts. */
function productAims(group: Group): readonly Aim[] {
  const medium = gainsOver(group, { contender: "product/medium", baseline: "lanczos" });
  const where = degradationTitles[group.degradation];
  return [
    ...defaultAims(group, `product, ${where}`),
    ...(medium.length === 0 ? [] : [mediumAim(`product/medium, ${where}`, medium)]),
  ];
}

function defaultAims(group: Group, what: string): readonly Aim[] {
  const gains = gainsOver(group, { contender: "product", baseline: "lanczos" });
  if (gains.length === 0) return [];
  return [
    gainAim({ what: `${what}: gain over Lanczos`, gain: average(gains, "psnr"), wanted: 0, isFloor: true }),
    { ...neverBelow(what, gains), isFloor: false },
  ];
}

function mediumAim(what: string, gains: readonly Gain[]): Aim {
  const gain = average(gains, "ssim");
  return { what: `${what}: SSIM over Lanczos`, wanted: "not below", found: signed(gain, 4), isMet: gain >= 0, isFloor: false };
}

function specialAims(group: Group): readonly Aim[] {
  const special = wantedSpecial[group.degradation];
  if (special === undefined) return [];
  return ["fast", "standard"].flatMap((tier): Aim[] => {
    const contender = `${special.preset}/${tier}`;
    const gains = gainsOver(group, { contender, baseline: tier });
    if (gains.length === 0) return [];
    const what = `${contender}, ${degradationTitles[group.degradation]}: gain over ${tier}`;
    return [gainAim({ what, gain: average(gains, "psnr"), wanted: special.gain, isFloor: true })];
  });
}

function flickerAims(group: Group): readonly Aim[] {
  return steady.flatMap((contender): Aim[] => {
    const found = flickerAgainstSource(group, contender);
    if (found === undefined) return [];
    const own = group.rows.filter((row) => row.contender === contender);
    const excess = mean(own.map(({ scores }) => scores.excessChange));
    return [
      {
        what: `${contender}, ${degradationTitles[group.degradation]}: flicker against the enlarged source's`,
        wanted: "at most x 1",
        found: `x ${found.ratio.toFixed(3)}, above it on ${found.above} of ${found.clips} clips`,
        isMet: found.ratio <= 1,
        isFloor: false,
      },
      {
        what: `${contender}, ${degradationTitles[group.degradation]}: change along the motion over the original's`,
        wanted: "at most 0",
        found: signed(excess, 3),
        isMet: excess <= 0,
        isFloor: false,
      },
    ];
  });
}

function chromaAims(group: Group): readonly Aim[] {
  return steady.flatMap((contender): Aim[] => {
    const gains = gainsOver(group, { contender, baseline: "lanczos" });
    if (gains.length === 0) return [];
    const found = (["psnrCb", "psnrCr"] as const).map((name) => average(gains, name));
    return [
      {
        what: `${contender}, ${degradationTitles[group.degradation]}: PSNR-Cb and -Cr over Lanczos`,
        wanted: "not below",
        found: found.map((gain) => `${signed(gain, 2)} dB`).join(", "),
        isMet: found.every((gain) => Math.round(gain * 100) >= 0),
        isFloor: !isGoal(contender),
      },
    ];
  });
}

/** What runs by default counts; where it was not measured, the tier's network by itself. */
function websrAims(group: Group): readonly Aim[] {
  const counted = contendersOf(group).includes("product") ? "product" : "standard";
  return websrOf(group).flatMap((baseline) =>
    aimsAgainst(group, baseline, (contender, gains) => {
      const gain = average(gains, "psnr");
      const time = median(gains.map(({ networkRatio }) => networkRatio));
      const better = gains.filter(({ scores }) => scores.psnr > 0).length;
      return {
        wanted: "above 0 dB, at most x 1 of its network time",
        found: `${signed(gain, 2)} dB, better on ${better} of ${gains.length} clips, x ${time.toFixed(2)}`,
        isMet: gain > 0 && time <= 1,
        isFloor: contender === counted,
      };
    }),
  );
}

function largeNetworkAims(group: Group): readonly Aim[] {
  const large = contendersOf(group).filter((name) => name.startsWith("realesr"));
  return large.flatMap((baseline) =>
    aimsAgainst(group, baseline, (_, gains) => {
      const [psnr, ssim, flicker] = [average(gains, "psnr"), average(gains, "ssim"), average(gains, "flicker")];
      const speed = 1 / median(gains.map(({ cpuRatio }) => cpuRatio));
      return {
        wanted: `PSNR-Y and SSIM above, flicker below, ${wantedSpeed} times as fast`,
        found: `${signed(psnr, 2)} dB, ${signed(ssim, 4)}, ${signed(flicker, 3)}, ${speed.toFixed(0)} times (${gains.length} clips)`,
        isMet: psnr > 0 && ssim > 0 && flicker < 0 && speed >= wantedSpeed,
        isFloor: false,
      };
    }),
  );
}

/** Of `standard`, by itself and as the command takes it, against somebody else's network. */
function aimsAgainst(
  group: Group,
  baseline: string,
  aimOf: (contender: string, gains: readonly Gain[]) => Omit<Aim, "what">,
): readonly Aim[] {
  return ["standard", "product"].flatMap((contender) => {
    const gains = gainsOver(group, { contender, baseline });
    if (gains.length === 0) return [];
    const what = `${contender}, ${degradationTitles[group.degradation]}: against ${baseline}`;
    return [{ what, ...aimOf(contender, gains) }];
  });
}

type GainQuestion = Pick<Aim, "what" | "isFloor"> & { readonly gain: number; readonly wanted: number };

function gainAim({ what, gain, wanted, isFloor }: GainQuestion): Aim {
  return { what, wanted: `${signed(wanted, 2)} dB`, found: `${signed(gain, 2)} dB`, isMet: gain >= wanted, isFloor };
}

function neverBelow(what: string, gains: readonly Gain[]): Omit<Aim, "isFloor"> {
  const below = gains.filter(({ scores }) => scores.psnr < 0).toSorted((a, b) => a.scores.psnr - b.scores.psnr);
  const worst = below.map(({ clip, scores }) => `${clip} ${signed(scores.psnr, 2)} dB`);
  return {
    what: `${what}: below Lanczos on`,
    wanted: "no clip",
    found: worst.length === 0 ? "no clip" : worst.join(", "),
    isMet: below.length === 0,
  };
}

function average(gains: readonly Gain[], name: keyof Scores): number {
  return mean(gains.map(({ scores }) => scores[name]));
}
