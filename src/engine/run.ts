import { commitFile, exists } from "../core/files.ts";
import { stringifyJson } from "../core/json.ts";
import { throwIfAborted } from "../core/async.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { readSegmentIndex, type SegmentIndex } from "../media/segment-file.ts";
import { assemble } from "./assemble.ts";
import { openNetwork, type ProviderChoice } from "./network.ts";
import { inspect, type Inspection } from "./inspect.ts";
import { brokenBounds, type Report } from "./report.ts";
import { buildReport } from "./receipt.ts";
import { runSegment, type SegmentFacts } from "./segment.ts";
import type { Network } from "./stages/enhance.ts";
import { fingerprintJob, Workspace } from "./workspace.ts";
import { version } from "./version.ts";

export type RunOptions = {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly request: UpscaleRequest;
  readonly provider: ProviderChoice;
  readonly threads: number;
  readonly overwrite: boolean;
  readonly resume: boolean;
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
};

export type RunEvent =
  | { readonly type: "planned"; readonly inspection: Inspection }
  | { readonly type: "segment_reused"; readonly index: number; readonly frames: number }
  | { readonly type: "segment_started"; readonly index: number; readonly of: number }
  | { readonly type: "progress"; readonly framesDone: number; readonly framesTotal: number }
  | { readonly type: "assembling" }
  | { readonly type: "verifying" };

/** Makes `outputPath` from `inputPath`: inspect, plan, enhance segment by segment, assemble, verify, rename.
 *  An interrupted run leaves its finished segments beside the output and the next one takes them up.
 *  Throws: AppError; `verification_failed` when the result breaks a bound of the report. */
export async function run(options: RunOptions): Promise<Report> {
  const { inputPath, outputPath, onEvent, signal } = options;
  const started = performance.now();
  await refuseExistingOutput(options);
  const inspection = await inspect(inputPath, options.request, options.threads, signal);
  const { plan } = inspection;
  onEvent?.({ type: "planned", inspection });
  await using workspace = await Workspace.open(outputPath);
  await using network = await openNetwork(plan, inspection.model, options);
  const determinants = { plan, weights: network.sha256, provider: network.provider.name, version };
  await workspace.adopt(await fingerprintJob(inputPath, determinants), !options.resume);

  const made = await makeSegments(options, inspection, network.network, workspace);
  try {
    if (made.segments.every(({ facts }) => facts.frames === 0)) {
      throw new AppError("decode_failed", "No frame of the video can be decoded; the file is damaged or not what it says.");
    }
    onEvent?.({ type: "assembling" });
    const result = await assemble({ inspection, inputPath, workspace, segments: made.segments, signal });
    onEvent?.({ type: "verifying" });
    const wallSeconds = (): number => (performance.now() - started) / 1000;
    const report = await buildReport({ inspection, inputPath, outputPath, result, ...made, network, signal, wallSeconds });
    refuseBrokenResult(report);
    throwIfAborted(signal);
    await refuseExistingOutput(options);
    await commitFile(result.path, outputPath);
    await workspace.remove();
    return report;
  } catch (error) {
    // Doing it again from the same segments would end the same way.
    if (error instanceof AppError && uselessAfter.has(error.code)) await workspace.remove();
    throw error;
  }
}

const uselessAfter: ReadonlySet<ErrorCode> = new Set(["decode_failed", "verification_failed"]);

type MadeSegments = {
  readonly segments: readonly SegmentIndex<SegmentFacts>[];
  readonly segmentsReused: number;
  /** Frames enhanced in this run, without those of reused segments. */
  readonly framesMade: number;
};

async function makeSegments(
  { inputPath, threads, onEvent, signal }: RunOptions,
  { plan }: Inspection,
  network: Network | undefined,
  workspace: Workspace,
): Promise<MadeSegments> {
  const segments: SegmentIndex<SegmentFacts>[] = [];
  let framesReused = 0;
  let segmentsReused = 0;
  let framesMade = 0;
  const onFrame = (): void => {
    framesMade += 1;
    onEvent?.({ type: "progress", framesDone: framesReused + framesMade, framesTotal: plan.time.frames });
  };
  for (const segment of plan.segments) {
    throwIfAborted(signal);
    const basePath = workspace.segmentPath(segment.index);
    const finished = await readSegmentIndex<SegmentFacts>(basePath);
    if (finished !== undefined) {
      segmentsReused += 1;
      framesReused += finished.facts.frames;
      onEvent?.({ type: "segment_reused", index: segment.index, frames: finished.facts.frames });
      segments.push(finished);
      continue;
    }
    onEvent?.({ type: "segment_started", index: segment.index, of: plan.segments.length });
    segments.push(
      await runSegment({
        inputPath,
        plan,
        segment,
        network,
        basePath,
        framesInFlight: framesInFlight(plan.outputSize.width * plan.outputSize.height),
        decodeThreads: threads,
        onFrame,
        ...(signal !== undefined && { signal }),
      }),
    );
  }
  return { segments, segmentsReused, framesMade };
}

function refuseBrokenResult(report: Report): void {
  const broken = brokenBounds(report);
  if (broken.length === 0) return;
  throw new AppError("verification_failed", `The result is not right and was not kept: ${broken.join("; ")}.`, {
    details: { report: JSON.parse(stringifyJson(report)) as unknown },
  });
}

async function refuseExistingOutput({ overwrite, outputPath }: RunOptions): Promise<void> {
  if (!overwrite && (await exists(outputPath))) {
    throw new AppError("output_exists", `${outputPath} exists already; add --overwrite to replace it or choose another output.`);
  }
}

/** Two pictures keep every inference thread busy; more only for small ones, so that memory stays bounded. */
function framesInFlight(outputPixels: number): number {
  return outputPixels > 4_000_000 ? 2 : 3;
}
