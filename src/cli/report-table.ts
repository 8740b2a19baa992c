import { basename } from "node:path";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { MediaFacts, Report } from "../engine/report.ts";
import { countOf, formatBytes, formatDuration } from "./units.ts";

/** The report as rows of a table: what came in, what went out, how, and what became of every stream. */
export function reportRows(report: Report): readonly (readonly string[])[] {
  const { frames, comparison, provider, network } = report;
  const { colorDrift } = comparison;
  return [
    ["input", describeMedia(report.input)],
    ["output", describeMedia(report.output)],
    ["frames", `${frames.source} in, ${frames.output} out${unusualFrames(report)}`],
    ["network", describeNetwork(network)],
    ...(network?.licence === undefined ? [] : [["network file", `sha256 ${network.sha256}; licence: ${network.licence}`]]),
    ...report.stages.map(({ choice, reason }) => ["stage", `${choice}: ${reason}`]),
    ["provider", `${provider.name} (${provider.reason})`],
    ["speed", describeSpeed(report)],
    [
      "fidelity",
      `${comparison.psnrLuma.toFixed(1)} dB PSNR against the ${report.stages.length === 0 ? "source" : "restored source"}, over ${countOf(comparison.sampledFrames, "frame")}`,
    ],
    ["colour drift", `Y ${signed(colorDrift.y)}, Cb ${signed(colorDrift.cb)}, Cr ${signed(colorDrift.cr)} of 255`],
    ...soundRows(report),
    ...report.streams.map((stream) => [nameStream(stream), describeDecision(stream)]),
    ...(report.chapters.source === 0
      ? []
      : [["chapters", `${report.chapters.output} of ${report.chapters.source} (${report.chapters.reason})`]]),
    ...(report.metadata.dropped.length === 0 ? [] : [["metadata", `not carried: ${report.metadata.dropped.join(", ")}`]]),
    ...report.partialBecause.map((reason) => ["partial", reason]),
  ];
}

/** The line above the table. */
export function reportTitle(report: Report): string {
  const state = report.state === "complete" ? "Done" : "Done in part: the input is damaged";
  return `${state}. ${report.output.path}`;
}

function describeMedia({ path, size, codec, frameRate, durationSeconds, sizeBytes }: MediaFacts): string {
  const rate = Number(frameRate) || rateOf(frameRate);
  const facts = [`${size.width}x${size.height}`, codec, `${trimZeros(rate)} fps`, formatDuration(durationSeconds)];
  return `${basename(path)}  ${[...facts, formatBytes(sizeBytes)].join(", ")}`;
}

function rateOf(text: string): number {
  const [num = 0, den = 1] = text.split("/").map(Number);
  return num / den;
}

function trimZeros(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function unusualFrames({ frames }: Report): string {
  const notes = [
    ...(frames.damaged > 0 ? [`${frames.damaged} damaged`] : []),
    ...(frames.rejectedPackets > 0 ? [`${countOf(frames.rejectedPackets, "packet")} rejected`] : []),
    ...(frames.repairedTimestamps > 0 ? [`${countOf(frames.repairedTimestamps, "timestamp")} repaired`] : []),
    ...(frames.black > 0 ? [`${frames.black} became black`] : []),
    ...(frames.frozen > 0 ? [`${frames.frozen} stand still`] : []),
  ];
  return notes.length === 0 ? "" : ` (${notes.join(", ")})`;
}

/** Frames a second only where this run made every frame. */
function describeSpeed({ speed }: Report): string {
  const time = `${formatDuration(speed.wallSeconds)} in all`;
  if (speed.segmentsReused === 0) return `${speed.framesPerSecond.toFixed(1)} fps, ${time}`;
  return `${time}; ${speed.segmentsReused} of ${countOf(speed.segments, "segment")} kept from an earlier run`;
}

function soundRows({ timing }: Report): string[][] {
  if (timing.audioOffsetSeconds === undefined) return [];
  const milliseconds = timing.audioOffsetSeconds * 1000;
  return [["sound offset", `${signed(milliseconds)} ms against the picture, compared with the source`]];
}

/** Two decimals with a sign, and no minus before a zero. */
export function signed(value: number): string {
  const text = value.toFixed(2);
  return Number(text) === 0 ? "0.00" : value > 0 ? `+${text}` : text;
}

function nameStream({ kind, index, language }: StreamDecision): string {
  return `${kind} ${index}${language === undefined || language === "und" ? "" : ` ${language}`}`;
}

function describeDecision(stream: StreamDecision): string {
  const action = { keep: "kept", drop: "dropped", convert: "converted" }[stream.action];
  return `${action}: ${stream.reason}`;
}

function describeNetwork(network: Report["network"]): string {
  if (network === undefined) return "none";
  const { id, passes, laterId, chromaId } = network;
  const chroma = chromaId === undefined ? "" : `; colour by ${chromaId}`;
  if (laterId !== undefined) return `${id}, then ${laterId}${passes > 2 ? `, ${passes - 1} times` : ""}${chroma}`;
  return `${id}, ${passes} pass${passes === 1 ? "" : "es"}${chroma}`;
}
