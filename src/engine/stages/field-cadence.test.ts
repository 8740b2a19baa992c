import { describe, expect, test } from "vitest";
import { type FieldEvidence, type FieldPlace, placeFields } from "./field-cadence.ts";

const nothing: FieldEvidence = { next: 0, repeat: 0 };

/** What is seen of fields whose pictures are shown for these numbers of fields. */
function fieldsOf(runs: readonly number[]): FieldEvidence[] {
  return runs.flatMap((run) =>
    Array.from({ length: run }, (_, index): FieldEvidence => {
      if (run === 1) return nothing;
      if (index === 0) return { next: 1, repeat: -1 };
      return index === run - 1 ? { next: -1, repeat: -1 } : { next: 0, repeat: 1 };
    }),
  );
}

function placesOf(runs: readonly number[]): FieldPlace[] {
  const places: Record<number, readonly FieldPlace[]> = {
    1: ["alone"],
    2: ["first", "last"],
    3: ["first", "middle", "last_of_three"],
  };
  return runs.flatMap((run) => places[run] ?? []);
}

describe("fields are put to the pictures that they were made of", () => {
  test.for([
    ["2:3 pull-down", [2, 3, 2, 3, 2, 3, 2, 3]],
    ["2:3:3:2 pull-down", [2, 3, 3, 2, 2, 3, 3, 2, 2, 3]],
    ["whole frames", [2, 2, 2, 2, 2, 2]],
    ["a phase that an edit changed", [2, 3, 2, 3, 3, 2, 3, 2, 3]],
    ["a field left alone by an edit", [2, 3, 2, 3, 1, 3, 2, 3, 2]],
  ] as const)("%s", ([, runs]) => {
    expect(placeFields(fieldsOf(runs))).toEqual(placesOf(runs));
  });
});

test("a pattern goes on through fields that show nothing, and through a few that speak against it", () => {
  const runs = [2, 3, 2, 3, 2, 3, 2, 3, 2, 3];
  const dark = fieldsOf(runs).map((field, index) => (index > 5 && index < 18 ? nothing : field));
  expect(placeFields(dark)).toEqual(placesOf(runs));
  const noisy = fieldsOf(runs).with(11, { next: -0.8, repeat: 0.5 });
  expect(placeFields(noisy)).toEqual(placesOf(runs));
});

test("no fields have no places", () => {
  expect(placeFields([])).toEqual([]);
});
