import { expect, test } from "vitest";
import type { FilmLine } from "../../kernels/film-lines.ts";
import { findScratches, type LineSight } from "./scratches.ts";

const width = 640;
const centre = 6;
const indices = Array.from({ length: 13 }, (_, index) => index);

function line(x: number, bands = 0xff_ff): FilmLine {
  return { x, tilt: 0, sign: 1, bands, contrast: 20 };
}

function sights(xOf: (index: number) => number | undefined, drift: number, bands?: number): LineSight[] {
  return indices.map((index) => {
    const x = xOf(index);
    return { lines: x === undefined ? [] : [line(x, bands)], drift: Array.from({ length: 8 }, () => drift) };
  });
}

const wander = (index: number): number => 300 + 1.2 * Math.sin(index * 1.7);

test("a line that stays while the picture goes past is a scratch", () => {
  expect(
    findScratches(
      sights(() => 300, 1),
      centre,
      width,
    ),
  ).toHaveLength(1);
});

test("a line that wanders over a still picture is a scratch", () => {
  expect(findScratches(sights(wander, 0), centre, width)).toHaveLength(1);
});

test("a lamp post is not, whether the camera stands, pans, or passes it closely", () => {
  expect(
    findScratches(
      sights(() => 300, 0),
      centre,
      width,
    ),
  ).toHaveLength(0);
  expect(
    findScratches(
      sights((index) => 300 + 2 * index, 2),
      centre,
      width,
    ),
  ).toHaveLength(0);
  expect(
    findScratches(
      sights((index) => 300 + 2.8 * index, 2),
      centre,
      width,
    ),
  ).toHaveLength(0);
});

test("a line must be there in most frames around", () => {
  expect(
    findScratches(
      sights((index) => (index === centre ? 300 : undefined), 1),
      centre,
      width,
    ),
  ).toHaveLength(0);
  expect(
    findScratches(
      sights((index) => (index % 3 === 0 ? 300 : undefined), 1),
      centre,
      width,
    ),
  ).toHaveLength(0);
  expect(
    findScratches(
      sights((index) => (index % 4 === 3 ? undefined : 300), 1),
      centre,
      width,
    ),
  ).toHaveLength(1);
});

test("a line must show over half the height, over a still picture over three quarters", () => {
  expect(
    findScratches(
      sights(() => 300, 1, 0x7f_00),
      centre,
      width,
    ),
  ).toHaveLength(0);
  expect(
    findScratches(
      sights(() => 300, 1, 0x7f_80),
      centre,
      width,
    ),
  ).toHaveLength(1);
  expect(findScratches(sights(wander, 0, 0x7f_80), centre, width)).toHaveLength(0);
});

test("the edge of the picture is not a scratch", () => {
  expect(
    findScratches(
      sights(() => 10, 1),
      centre,
      width,
    ),
  ).toHaveLength(0);
  expect(
    findScratches(
      sights(() => 630, 1),
      centre,
      width,
    ),
  ).toHaveLength(0);
});
