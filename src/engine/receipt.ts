import { stat } from "node:fs/promises";
import { AppError } from "../domain/errors.ts";
import type { MediaInfo, VideoStream } from "../domain/media-info.ts";
import { formatRational, ticksToSeconds } from "../domain/rational.ts";
import { probe } from "../media/probe.ts";
import type { SegmentIndex } from "../media/segment-file.ts";
import { readTimeline, type Timeline } from "../media/timeline.ts";
import type { Assembly } from "./assemble.ts";
import { describeStage } from "./decisions.ts";
import type { Inspection } from "./inspect.ts";
import type { OpenNetwork } from "./network.ts";
import type { Plan } from "./plan.ts";
import { chapterReason, type MediaFacts, type Report } from "./report.ts";
import type { SegmentFacts } from "./segment.ts";
import { psnr } from "./measure.ts";
import { type StageFacts, sumFacts } from "./stages/stage.ts";
import { outputTimes } from "./time.ts";
import { compareWithSource, largestTimestampError } from "./verify.ts";
import { version } from "./version.ts";

export type ReceiptOptions = {
  readonly inspection: Inspection;
  readonly inputPath: string;
  /** The final name, for the report; the file itself is still `result.path`. */
  readonly outputPath: string;
  readonly result: Assembly;
  readonly segments: readonly SegmentIndex<SegmentFacts>[];
  readonly segmentsReused: number;
  readonly framesMade: number;
  readonly network: OpenNetwork;
  readonly wallSeconds: () => number;
  readonly signal: AbortSignal | undefined;
};

/** Reads the finished file back and states what it is, against the source. */
export async function buildReport(options: ReceiptOptions): Promise<Report> {
  const { inspection, inputPath, outputPath, result, segments, network, signal } = options;
  const { plan, media, video, timeline } = inspection;
  const output = await probe(result.path);
  const outputVideo = output.streams[0];
  if (outputVideo?.kind !== "video") throw new AppError("verification_failed", "The file written has no video track.");
  const outputTimeline = await readTimeline(result.path, 0, signal);
  const total = (count: (facts: SegmentFacts) => number): number => segments.reduce((sum, { facts }) => sum + count(facts), 0);
  const repairedTimestamps = total((facts) => facts.decode.repairedTimestamps);
  const shownTicks = result.ptsTicks.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const comparison = await compareWithSource({
    inputPath,
    outputPath: result.path,
    plan,
    shownTicks,
    source: timeline,
    output: outputTimeline,
    hasTrueTimestamps: repairedTimestamps === 0,
    signal,
  });
  const madeFrames = total((facts) => facts.frames);
  const damaged = total((facts) => facts.decode.damagedFrames);
  const rejectedPackets = total((facts) => facts.decode.rejectedPackets);
  const partialBecause = [
    ...plan.damage,
    ...(damaged > 0 ? [`${damaged} frames were decoded with errors`] : []),
    ...(rejectedPackets > 0 ? [`${rejectedPackets} packets could not be decoded`] : []),
    ...(result.rejectedAudioPackets > 0 ? [`${result.rejectedAudioPackets} audio packets could not be decoded`] : []),
  ];
  // Where the rule moves frames and none was lost, the rule says when each is shown.
  const isWhole = damaged + rejectedPackets + repairedTimestamps === 0 && plan.damage.length === 0;
  const isMoved = plan.time.rule.scan === "film" || plan.time.rule.rate !== undefined;
  const plannedTicks = isWhole && isMoved ? outputTimes(timeline, plan.time.rule).frameTicks : undefined;
  const input = describe(inputPath, media, video, timeline);
  const written = { ...describe(outputPath, output, outputVideo, outputTimeline), sizeBytes: (await stat(result.path)).size };
  const counts = network.network?.pool.counts;
  const wallSeconds = options.wallSeconds();
  return {
    upres: version,
    state: partialBecause.length === 0 ? "complete" : "partial",
    partialBecause,
    input,
    output: written,
    decisions: plan.decisions,
    streams: plan.streams,
    chapters: {
      source: media.chapters.length,
      output: output.chapters.length,
      reason: chapterReason(media.chapters, plan.request.container),
    },
    metadata: compareMetadata(media, output),
    frames: {
      source: timeline.frameTicks.length,
      made: madeFrames,
      expected: plannedTicks?.length ?? madeFrames,
      output: outputTimeline.frameTicks.length,
      damaged,
      rejectedPackets,
      repairedTimestamps,
      black: total((facts) => facts.blackFrames),
      frozen: total((facts) => facts.frozenFrames),
    },
    timing: {
      largestTimestampErrorSeconds: largestTimestampError(plan, plannedTicks ?? shownTicks, outputTimeline),
      audioOffsetSeconds: audioOffset(inspection, outputTimeline, result),
    },
    comparison,
    stages: plan.stages.map((stage) => ({
      name: stage.name,
      choice: describeStage(stage),
      reason: stage.reason,
      facts: sumFacts(segments.map(({ facts }) => facts.stages[stage.name] ?? {})),
    })),
    fidelity: describeFidelity(plan, sumFacts(segments.map(({ facts }) => facts.stages["fidelity"] ?? {}))),
    network: describeNetwork(plan, network),
    provider: network.provider,
    speed: {
      wallSeconds,
      framesPerSecond: options.framesMade / wallSeconds,
      segments: segments.length,
      segmentsReused: options.segmentsReused,
      tilesComputed: counts?.computed ?? 0,
      tilesReused: counts?.reused ?? 0,
      networkCpuSeconds: cpuSeconds(network),
    },
  };
}

function cpuSeconds({ network }: OpenNetwork): number {
  const beside = network?.kind === "luma" ? [network.later?.pool, network.chroma?.pool] : [];
  return [network?.pool, ...beside].reduce((sum, pool) => sum + (pool?.counts.cpuSeconds ?? 0), 0);
}

function describeNetwork(plan: Plan, { sha256 = "", chromaSha256 }: OpenNetwork): Report["network"] {
  if (plan.network === undefined) return undefined;
  return { ...plan.network, sha256, ...(chromaSha256 !== undefined && { chromaSha256 }) };
}

function describeFidelity({ fidelity }: Plan, facts: StageFacts): Report["fidelity"] {
  const { frames = 0, correctedFrames = 0, gentlerFrames = 0, framesBelowBound = 0, squaredError = 0 } = facts;
  return {
    ...fidelity,
    psnrLuma: frames === 0 ? undefined : psnr(squaredError / frames),
    frames: { held: frames, corrected: correctedFrames, gentler: gentlerFrames, below: framesBelowBound },
  };
}

function describe(path: string, media: MediaInfo, video: VideoStream, timeline: Timeline): MediaFacts {
  const [first = 0n] = timeline.frameTicks;
  const audio = media.streams.find((stream) => stream.kind === "audio" && timeline.extents.has(stream.index));
  return {
    path,
    container: media.container,
    sizeBytes: media.sizeBytes,
    codec: video.codec,
    size: video.codedSize,
    pixelFormat: video.pixelFormat.name,
    color: video.color,
    hdr: video.hdr,
    frames: timeline.frameTicks.length,
    frameRate: formatRational(video.averageRate),
    durationSeconds: ticksToSeconds(timeline.endTicks - first, timeline.timeBase),
    videoStartSeconds: startSeconds(timeline),
    audioStartSeconds: audio === undefined ? undefined : timeline.extents.get(audio.index)?.startSeconds,
  };
}

/** The largest move of an audio track against the picture, over all tracks that were kept or converted; by the times of
 *  first packets, a re-encoded track's lead-in taken off. */
function audioOffset({ plan, timeline }: Inspection, output: Timeline, { audioLeadSeconds }: Assembly): number | undefined {
  const videoMove = startSeconds(output) - startSeconds(timeline);
  const written = plan.streams.filter((stream) => stream.action !== "drop");
  const moves = written.flatMap(({ index, kind }, position) => {
    const before = timeline.extents.get(index);
    const after = output.extents.get(position + 1); // the video is first, the others follow in the plan's order
    if (kind !== "audio" || before === undefined || after === undefined) return [];
    return [after.startSeconds + (audioLeadSeconds.get(index) ?? 0) - before.startSeconds - videoMove];
  });
  return moves.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0];
}

function startSeconds({ frameTicks: [first = 0n], timeBase }: Timeline): number {
  return ticksToSeconds(first, timeBase);
}

const technicalKeys = /^(major_brand|minor_version|compatible_brands|encoder|duration)$/i;

function compareMetadata(source: MediaInfo, output: MediaInfo): Report["metadata"] {
  const found = new Set(Object.keys(output.metadata).map((key) => key.toLowerCase()));
  const wanted = Object.keys(source.metadata).filter((key) => !technicalKeys.test(key));
  return {
    kept: wanted.filter((key) => found.has(key.toLowerCase())),
    dropped: wanted.filter((key) => !found.has(key.toLowerCase())),
  };
}
