import { expect, test } from "vitest";
import { joinPieces, parseDescription } from "./chapters.ts";

const pieces = [
  "Input #0, matroska,webm, from '':",
  "  Metadata:",
  "    title           : ",
  "The film",
  "",
  "  Duration: ",
  "00:00:02.02",
  ", start: ",
  "0.000000",
  "",
  "  Chapters:",
  "    Chapter #0:0: ",
  "start -0.021000, ",
  "end 0.700000",
  "      Metadata:",
  "        title           : ",
  "Zwei – ünïcode: a title, with: ",
  "",
  "    Chapter #0:1: ",
  "start 0.700000, ",
  "end 2.000000",
  "  Stream #0",
  ":0",
  ": Video: hevc",
  "      Metadata:",
  "        title           : ",
  "not a chapter's",
  "",
];

test("chapters are read from the pieces of FFmpeg's description", () => {
  expect(parseDescription(joinPieces(pieces))).toEqual([
    { startSeconds: -0.021, endSeconds: 0.7, title: "Zwei – ünïcode: a title, with:" },
    { startSeconds: 0.7, endSeconds: 2, title: "" },
  ]);
});

test("a file without chapters has none, whatever its titles say", () => {
  expect(parseDescription(joinPieces(pieces.filter((piece) => !piece.includes("hapter"))))).toEqual([]);
});
