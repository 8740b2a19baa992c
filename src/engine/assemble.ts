import { AppError } from "../domain/errors.ts";
import { VideoEncoder, type EncodedPacket } from "../media/encode.ts";
import { addHdrMetadata } from "../media/hdr.ts";
import { copyWithChapters } from "../media/mp4-chapters.ts";
import { type MuxResult, writeMedia } from "../media/mux.ts";
import { readSegment, type SegmentIndex } from "../media/segment-file.ts";
import type { Inspection } from "./inspect.ts";
import type { SegmentFacts } from "./segment.ts";
import type { Workspace } from "./workspace.ts";

export type Assembly = MuxResult & { readonly path: string; readonly ptsTicks: readonly bigint[] };

export type AssembleOptions = {
  readonly inspection: Inspection;
  readonly inputPath: string;
  readonly workspace: Workspace;
  readonly segments: readonly SegmentIndex<SegmentFacts>[];
  readonly signal: AbortSignal | undefined;
};

/** Puts the finished segments and the source's other streams into one file inside the workspace. */
export async function assemble({ inspection, inputPath, workspace, segments, signal }: AssembleOptions): Promise<Assembly> {
  const { plan, media } = inspection;
  const { container } = plan.request;
  using encoder = await VideoEncoder.open(plan.encode);
  const expected = encoder.extradata();
  if (segments.some(({ facts }) => facts.extradata !== expected)) {
    throw new AppError("encode_failed", "The encoder gave segments different headers; run again with --no-resume.");
  }
  using parameters = encoder.parameters();
  addHdrMetadata(parameters, plan.hdr);
  const ptsTicks = segments.flatMap((segment) => segment.ptsTicks.map(BigInt));
  const muxed = workspace.file(`assembled.${container}`);
  const result = await writeMedia({
    outputPath: muxed,
    container,
    sourcePath: inputPath,
    video: {
      sourceIndex: plan.source.streamIndex,
      parameters,
      timeBase: plan.encode.timeBase,
      frameRate: plan.encode.frameRate,
      ptsTicks,
      packets: readSegments(plan.segments.map((segment) => workspace.segmentPath(segment.index))),
    },
    decisions: plan.streams,
    startSeconds: new Map([...inspection.timeline.extents].map(([index, extent]) => [index, extent.startSeconds])),
    shiftSeconds: plan.time.shiftSeconds,
    ...(signal !== undefined && { signal }),
  });
  if (media.chapters.length === 0 || container === "webm") return { ...result, path: muxed, ptsTicks };
  const withChapters = workspace.file(`chapters.${container}`);
  const shifted = media.chapters.map((chapter) => ({ ...chapter, startSeconds: chapter.startSeconds - plan.time.shiftSeconds }));
  await copyWithChapters(muxed, withChapters, shifted);
  return { ...result, path: withChapters, ptsTicks };
}

async function* readSegments(paths: readonly string[]): AsyncGenerator<EncodedPacket> {
  for (const path of paths) yield* readSegment(path);
}
