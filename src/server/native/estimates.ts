import type { FastifyPluginAsync } from "fastify";
import { AppError } from "../../domain/errors.ts";
import { proposePreset } from "../../domain/preset-clues.ts";
import { defaultRequest, type UpscaleRequest } from "../../domain/upscale-request.ts";
import type { StoredObject } from "../../storage/object-store.ts";
import type { FoundTier, LookAnswer } from "../../worker/viewer-messages.ts";
import { accountOf } from "../auth.ts";
import { guessSize, guessTime, pricesOf } from "./guesses.ts";
import type { NativeParts } from "./parts.ts";
import { type EstimateDocument, EstimateQuestion, type TierEstimate } from "./page-wire.ts";
import { playableOf } from "./playable.ts";
import { Turns } from "./turns.ts";
import { uploadKey } from "./uploads.ts";
import { parseBody, toUpscaleRequest } from "./wire.ts";

const lookTimeoutMs = 180_000;
const mostPastJobs = 12;
const mostAtOnce = 2;

/** POST /api/estimates: what a video is and what each tier would make of it, before anything runs. */
export function estimateRoutes(parts: NativeParts): FastifyPluginAsync {
  const turns = new Turns(mostAtOnce, "estimates");
  return async (app) => {
    app.post("/api/estimates", async (request, reply): Promise<EstimateDocument> => {
      const account = await accountOf(request, parts.accounts);
      const question = parseBody(EstimateQuestion, request.body);
      using held = new DisposableStack();
      held.use(turns.take(account.id));
      const left = new AbortController();
      reply.raw.once("close", () => left.abort(new AppError("cancelled", "The caller has gone.")));
      const { look, object } = await lookAtUpload(parts, { accountId: account.id, question, signal: left.signal });
      return await describe(parts, { look, object, question });
    });
  };
}

export type Looking = {
  readonly accountId: string;
  readonly question: EstimateQuestion;
  readonly signal?: AbortSignal;
};

/** Throws: AppError `upload_not_found`, what the video deserves. */
async function lookAtUpload(
  parts: NativeParts,
  { accountId, question, signal }: Looking,
): Promise<{ readonly look: LookAnswer; readonly object: StoredObject }> {
  const { path, object } = await openUpload(parts, accountId, question.upload_id);
  const { tier: _tier, preset: _preset, ...request } = requestOf(question, "general");
  const task = {
    type: "look",
    path,
    threads: parts.engineThreads,
    request: { ...request, ...(question.preset !== undefined && { preset: question.preset }) },
  } as const;
  const look = await parts.viewer.ask(task, { timeoutMs: lookTimeoutMs, ...(signal !== undefined && { signal }) });
  return { look, object };
}

/** An upload of the account as a local file.  Throws: AppError `upload_not_found`. */
export async function openUpload(
  { localFiles }: NativeParts,
  accountId: string,
  uploadId: string,
): Promise<{ readonly path: string; readonly object: StoredObject }> {
  try {
    return await localFiles.open(uploadKey(accountId, uploadId));
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== "object_not_found") throw cause;
    throw new AppError("upload_not_found", "There is no such upload, or it is no longer kept.", {
      details: { id: uploadId },
      cause,
    });
  }
}

/** The tier is chosen later. */
export function requestOf(question: EstimateQuestion, preset: UpscaleRequest["preset"]): UpscaleRequest {
  const { upload_id: _upload, ...picture } = question;
  return toUpscaleRequest({ ...picture, preset, tier: defaultRequest.tier });
}

type Described = { readonly look: LookAnswer; readonly object: StoredObject; readonly question: EstimateQuestion };

async function describe(parts: NativeParts, { look, object, question }: Described): Promise<EstimateDocument> {
  const { picture, source, usedPreset } = look;
  const counts = await parts.queueCounts();
  const tiers: TierEstimate[] = [];
  for (const tier of look.tiers) tiers.push(await describeTier(parts, { tier, look, question }));
  return {
    source: {
      file_name: object.fileName,
      size_bytes: source.sizeBytes,
      container: source.container,
      duration_seconds: picture.durationSeconds,
      codec: picture.codec,
      ...picture.size,
      frames: picture.frames,
      frame_rate: picture.frameRate,
      bit_depth: source.bitDepth,
      pixel_format: source.pixelFormat,
      hdr: source.hdr,
      interlaced: source.interlaced,
      has_audio: source.audioTracks > 0,
      audio_tracks: source.audioTracks,
      subtitle_tracks: source.subtitleTracks,
      chapters: source.chapters,
      bits_per_second: source.bitsPerSecond === undefined ? null : Math.round(source.bitsPerSecond),
      playable: playableOf(picture),
    },
    findings: [...look.findings],
    proposal: { ...proposePreset(look.clues), available: look.isProposalAvailable },
    used_preset: usedPreset,
    demanding: {
      start_seconds: look.demanding.startSeconds,
      duration_seconds: look.demanding.durationSeconds,
      reason: look.demanding.reason,
    },
    queue: { waiting: counts.queued, running: counts.running },
    tiers,
  };
}

async function describeTier(
  parts: NativeParts,
  { tier: found, look, question }: { readonly tier: FoundTier; readonly look: LookAnswer; readonly question: EstimateQuestion },
): Promise<TierEstimate> {
  if ("failure" in found) return { tier: found.tier, available: false, error: found.failure };
  const past = await parts.pastWork(found.tier, mostPastJobs);
  const request = { ...requestOf(question, look.usedPreset), tier: found.tier };
  const { own, hosted } = pricesOf(request, found, { durationSeconds: look.picture.durationSeconds, prices: parts.prices });
  const { frameRate, ...output } = found.output;
  return {
    tier: found.tier,
    available: true,
    network: found.network ?? null,
    output: { ...output, frame_rate: frameRate },
    segments: found.segments,
    time: guessTime(found, past, parts.engineThreads),
    size: guessSize(found, past, request.quality),
    price_micros: String(own),
    hosted_price_micros: { ...hosted },
    decisions: [...found.decisions],
  };
}
