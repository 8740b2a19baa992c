/** What speaks for a field's place among its neighbours, each −1 to 1; 0 says nothing. */
export type FieldEvidence = {
  /** 1: made of one picture with the next field and not with the one before; −1: the other way round. */
  readonly next: number;
  /** 1: the fields on both sides are the same one, repeated, and those beside them are not. */
  readonly repeat: number;
};

/** A field's place in the run of two or three fields that show one picture of the film. */
export type FieldPlace = "alone" | "first" | "middle" | "last" | "last_of_three";

/** A step of a pattern: a field's place, what it costs by the evidence, and which step may follow. */
type Step = { readonly place: FieldPlace; readonly begins: boolean; readonly ends: boolean; readonly follower: number };

/** Fields that each picture of the film is shown for: 2:3 pull-down, the one of 2:3:3:2, and video of whole frames. */
const patterns: readonly (readonly (2 | 3)[])[] = [[2, 3], [2, 3, 3, 2], [2]];

/** Runs that fit no pattern cost as much as this many fields that speak against one. */
const breakCost = 2.5;

const steps: readonly Step[] = [aloneStep(), ...patterns.flatMap((runs, index) => patternSteps(runs, offsetOf(index)))];

function offsetOf(pattern: number): number {
  return patterns.slice(0, pattern).reduce((sum, runs) => sum + runs.reduce<number>((fields, run) => fields + run, 0), 1);
}

/** A field whose picture has no other one, beside a cut between two fields. */
function aloneStep(): Step {
  return { place: "alone", begins: true, ends: true, follower: -1 };
}

function patternSteps(runs: readonly (2 | 3)[], offset: number): readonly Step[] {
  const places = runs.flatMap((run): readonly FieldPlace[] =>
    run === 2 ? ["first", "last"] : ["first", "middle", "last_of_three"],
  );
  return places.map((place, index) => ({
    place,
    begins: place === "first",
    ends: place === "last" || place === "last_of_three",
    follower: offset + ((index + 1) % places.length),
  }));
}

function costOf({ place }: Step, { next, repeat }: FieldEvidence): number {
  switch (place) {
    case "alone":
      return 0;
    case "first":
      return -next;
    case "middle":
      return -repeat;
    case "last":
    case "last_of_three":
      return next;
  }
}

/** The most likely places of consecutive fields: what is seen of each, and a pattern that goes on where little is seen,
 *  as in the dark. Pure.  Shape: one place for each field. */
export function placeFields(fields: readonly FieldEvidence[]): readonly FieldPlace[] {
  // The cheapest way to each step at each field; any step may be the first.
  let costs = steps.map(() => 0);
  const ways: Int8Array[] = [];
  for (const [index, field] of fields.entries()) {
    const from = new Int8Array(steps.length).fill(-1);
    if (index > 0) costs = follow(costs, from);
    costs = costs.map((cost, step) => cost + costOf(steps[step]!, field)); // as long as `steps`
    ways.push(from);
  }
  let step = costs.indexOf(Math.min(...costs));
  const places: FieldPlace[] = [];
  for (const from of ways.toReversed()) {
    places.push(steps[step]!.place); // from a list as long as `steps`
    step = from[step] ?? -1;
  }
  return places.toReversed();
}

/** The cost of the cheapest way to each step from any before; fills `from` with which that is. */
function follow(costs: readonly number[], from: Int8Array): number[] {
  const ending = steps.reduce((best, step, index) => (step.ends && costs[index]! < (costs[best] ?? Infinity) ? index : best), -1);
  const next = steps.map(({ begins }, index) => {
    if (begins) from[index] = ending;
    return begins ? (costs[ending] ?? Infinity) + breakCost : Infinity;
  });
  for (const [index, { follower }] of steps.entries()) {
    const cost = costs[index] ?? Infinity;
    if (follower < 0 || cost >= next[follower]!) continue; // followers are steps
    next[follower] = cost;
    from[follower] = index;
  }
  return next;
}
