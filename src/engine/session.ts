import { throwIfAborted } from "../core/async.ts";
import { commitFile, exists } from "../core/files.ts";
import { stringifyJson } from "../core/json.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";
import type { InstalledModel } from "../domain/model-descriptor.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { readSegmentIndex, type SegmentIndex } from "../media/segment-file.ts";
import { assemble } from "./assemble.ts";
import { inspect, type Inspection } from "./inspect.ts";
import { openNetwork, type OpenNetwork, type ProviderChoice } from "./network.ts";
import { buildReport } from "./receipt.ts";
import { brokenBounds, type Report } from "./report.ts";
import { runSegment, type SegmentFacts } from "./segment.ts";
import { version } from "./version.ts";
import { fingerprintJob, Workspace } from "./workspace.ts";

export type SessionOptions = {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly request: UpscaleRequest;
  readonly provider: ProviderChoice;
  readonly threads: number;
  /** Left out: as many as `threads`. Runs whose segments go together need the same number. */
  readonly encoderThreads?: number;
  /** A network that the user added, used in place of the one that the request's tier and preset name. */
  readonly model?: InstalledModel;
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

/** An input that was planned, with the workspace and the network to make it.  Owns: both. */
export class Session implements AsyncDisposable {
  readonly inspection: Inspection;
  /** Names what determines the bytes of the segments. */
  readonly fingerprint: string;
  readonly #options: SessionOptions;
  readonly #workspace: Workspace;
  readonly #network: OpenNetwork;
  readonly #startedMs = performance.now();
  readonly #segments = new Map<number, SegmentIndex<SegmentFacts>>();
  #segmentsReused = 0;
  #framesDone = 0;
  /** Frames enhanced in this session, without those of reused segments. */
  #framesMade = 0;

  private constructor(
    options: SessionOptions,
    opened: { inspection: Inspection; workspace: Workspace; network: OpenNetwork; fingerprint: string },
  ) {
    this.#options = options;
    this.inspection = opened.inspection;
    this.fingerprint = opened.fingerprint;
    this.#workspace = opened.workspace;
    this.#network = opened.network;
  }

  /** Inspects and plans, takes the workspace and keeps in it what an interrupted run of the same job left.
   *  Throws: AppError. */
  static async open(options: SessionOptions): Promise<Session> {
    const { inputPath, outputPath, request, threads, encoderThreads = threads, onEvent, signal } = options;
    await refuseExistingOutput(options);
    const inspection = await inspect(inputPath, request, encoderThreads, signal, options.model?.descriptor);
    onEvent?.({ type: "planned", inspection });
    await using opening = new AsyncDisposableStack();
    const workspace = opening.use(await Workspace.open(outputPath));
    const network = opening.use(await openNetwork(inspection.plan, options.model ?? inspection.model, options));
    const determinants = {
      plan: inspection.plan,
      weights: [network.sha256, network.laterSha256, network.chromaSha256],
      provider: network.provider.name,
      version,
    };
    const fingerprint = await fingerprintJob(inputPath, determinants);
    await workspace.adopt(fingerprint, !options.resume);
    opening.move();
    return new Session({ ...options }, { inspection, workspace, network, fingerprint });
  }

  get outputPath(): string {
    return this.#options.outputPath;
  }

  /** Makes one segment, unless it is there. */
  async makeSegment(index: number): Promise<void> {
    const { inputPath, threads, onEvent, signal } = this.#options;
    const { plan } = this.inspection;
    const segment = plan.segments[index];
    if (segment === undefined) throw new RangeError(`there is no segment ${index}`);
    if (this.#segments.has(index)) return;
    throwIfAborted(signal);
    const basePath = this.#workspace.segmentPath(index);
    const finished = await readSegmentIndex<SegmentFacts>(basePath);
    if (finished !== undefined) {
      this.#segmentsReused += 1;
      this.#framesDone += finished.facts.frames;
      onEvent?.({ type: "segment_reused", index, frames: finished.facts.frames });
      this.#segments.set(index, finished);
      return;
    }
    onEvent?.({ type: "segment_started", index, of: plan.segments.length });
    const made = await runSegment({
      inputPath,
      plan,
      timeline: this.inspection.timeline,
      segment,
      network: this.#network.network,
      basePath,
      framesInFlight: framesInFlight(plan.outputSize.width * plan.outputSize.height),
      decodeThreads: threads,
      onFrame: () => {
        this.#framesMade += 1;
        this.#framesDone += 1;
        onEvent?.({ type: "progress", framesDone: this.#framesDone, framesTotal: plan.time.frames });
      },
      ...(signal !== undefined && { signal }),
    });
    this.#segments.set(index, made);
  }

  /** Makes what is missing, assembles, verifies and puts the output in its place.
   *  Throws: AppError; `verification_failed` when the result breaks a bound of the report. */
  async finish(): Promise<Report> {
    const { inputPath, outputPath, onEvent, signal } = this.#options;
    const { inspection } = this;
    for (const { index } of inspection.plan.segments) await this.makeSegment(index);
    const segments = inspection.plan.segments.flatMap(({ index }) => this.#segments.get(index) ?? []);
    try {
      if (segments.every(({ facts }) => facts.frames === 0)) {
        throw new AppError("decode_failed", "No frame of the video can be decoded; the file is damaged or not what it says.");
      }
      onEvent?.({ type: "assembling" });
      const result = await assemble({ inspection, inputPath, workspace: this.#workspace, segments, signal });
      onEvent?.({ type: "verifying" });
      const report = await buildReport({
        inspection,
        inputPath,
        outputPath,
        result,
        segments,
        segmentsReused: this.#segmentsReused,
        framesMade: this.#framesMade,
        network: this.#network,
        signal,
        wallSeconds: () => (performance.now() - this.#startedMs) / 1000,
      });
      refuseBrokenResult(report);
      throwIfAborted(signal);
      await refuseExistingOutput(this.#options);
      await commitFile(result.path, outputPath);
      await this.#workspace.remove();
      return report;
    } catch (error) {
      // Doing it again from the same segments would end the same way.
      if (error instanceof AppError && uselessAfter.has(error.code)) await this.#workspace.remove();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    await this.#workspace[Symbol.asyncDispose]();
  }
}

const uselessAfter: ReadonlySet<ErrorCode> = new Set(["decode_failed", "verification_failed"]);

function refuseBrokenResult(report: Report): void {
  const broken = brokenBounds(report);
  if (broken.length === 0) return;
  throw new AppError("verification_failed", `The result is not right and was not kept: ${broken.join("; ")}.`, {
    details: { report: JSON.parse(stringifyJson(report)) as unknown },
  });
}

async function refuseExistingOutput({ overwrite, outputPath }: SessionOptions): Promise<void> {
  if (!overwrite && (await exists(outputPath))) {
    throw new AppError("output_exists", `${outputPath} exists already; add --overwrite to replace it or choose another output.`);
  }
}

/** Two pictures keep every inference thread busy; more only for small ones, so that memory stays bounded. */
function framesInFlight(outputPixels: number): number {
  return outputPixels > 4_000_000 ? 2 : 3;
}
