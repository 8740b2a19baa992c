import { createHash } from "node:crypto";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import type { StoredObject } from "../../storage/object-store.ts";
import type { FrameAnswer, PictureFacts, ViewerTask } from "../../worker/viewer-messages.ts";
import { accountOf } from "../auth.ts";
import { filePath } from "../files.ts";
import { openUpload } from "./estimates.ts";
import { findJob } from "./find-job.ts";
import type { NativeParts } from "./parts.ts";
import { FrameCache } from "./frame-cache.ts";
import type { PictureDocument, TimesDocument, ViewDocument } from "./page-wire.ts";
import { playableOf } from "./playable.ts";
import { Turns } from "./turns.ts";
import { parseBody } from "./wire.ts";

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const side = whole(0, 16_384).optional();

const FrameQuery = z
  .object({
    of: z.enum(["source", "result"]).default("result"),
    index: whole(0, 100_000_000).optional(),
    seconds: z.coerce.number().min(0).max(1e7).optional(),
    x: side,
    y: side,
    width: whole(1, 16_384).optional(),
    height: whole(1, 16_384).optional(),
    max_width: whole(16, 7680).optional(),
    format: z.enum(["png", "jpeg"]).default("png"),
  })
  .refine(({ index, seconds }) => (index === undefined) !== (seconds === undefined), "give either `index` or `seconds`");
type FrameQuery = z.infer<typeof FrameQuery>;

const TimesQuery = z.object({
  of: z.enum(["source", "result"]).default("result"),
  from: whole(0, 100_000_000).default(0),
  count: whole(1, 5000).default(1000),
});

type WithId = { Params: { id: string } };
type Opened = { readonly path: string; readonly object: StoredObject };
const mostInFlight = 4;
const openTimeoutMs = 60_000;

/** /api/jobs/:id/view, /times and /frame: source and result of a job to compare frame by frame, whatever their codecs. */
export function frameRoutes(parts: NativeParts): FastifyPluginAsync {
  const cache = new FrameCache();
  /** Who drags along a video asks for the newest only. */
  const turns = new Turns(mostInFlight, "frames");

  const sourceOf = async (job: Job): Promise<Opened | undefined> =>
    job.source.kind === "object" ? await orGone(parts.localFiles.open(job.source.key)) : undefined;
  const resultOf = async (job: Job): Promise<Opened | undefined> =>
    job.result === undefined ? undefined : await orGone(parts.localFiles.open(job.result.objectKey));

  const describe = async (opened: Opened): Promise<PictureFacts> =>
    await cache.facts(opened.object.etag, () =>
      parts.viewer.ask({ type: "picture", path: opened.path }, { timeoutMs: openTimeoutMs }),
    );

  const encodePicture = async (opened: Opened): Promise<PictureDocument> => {
    const facts = await describe(opened);
    const { key, fileName } = opened.object;
    const expiresAt = new Date(parts.clock.now().getTime() + linkSeconds * 1000);
    return {
      path: filePath(parts.links.sign({ key, purpose: "read", expiresAt }), fileName),
      expires_at: expiresAt.toISOString(),
      file_name: fileName,
      codec: facts.codec,
      ...facts.size,
      frames: facts.frames,
      frame_rate: facts.frameRate,
      is_constant_rate: facts.isConstantRate,
      first_seconds: facts.firstSeconds,
      duration_seconds: facts.durationSeconds,
      playable: playableOf(facts),
    };
  };

  /** Where an index counts the result's frames and the source is asked for: when that frame is shown. */
  const placeOf = async (query: FrameQuery, result: Opened | undefined): Promise<{ index: number } | { seconds: number }> => {
    if (query.seconds !== undefined) return { seconds: query.seconds };
    const index = query.index ?? 0;
    if (query.of === "result" || result === undefined) return { index };
    const task = { type: "times", path: result.path, from: index, count: 1 } as const;
    const { seconds, total } = await parts.viewer.ask(task, { timeoutMs: openTimeoutMs });
    const [at] = seconds;
    if (at === undefined) throw beyondEnd(index, total);
    return { seconds: at };
  };

  const send = async (opened: Opened, query: FrameQuery, reply: FastifyReply, result?: Opened): Promise<FastifyReply> => {
    const task: ViewerTask = {
      type: "frame",
      path: opened.path,
      at: await placeOf(query, result),
      region: regionOf(query),
      maxWidth: query.max_width,
      format: query.format,
    };
    const { path: _path, ...what } = task;
    const name = createHash("sha256")
      .update(JSON.stringify([opened.object.etag, what]))
      .digest("base64url")
      .slice(0, 22);
    const etag = `"${name}"`;
    if (reply.request.headers["if-none-match"] === etag) return await reply.code(304).send();
    const found = cache.frame(name) ?? (await parts.viewer.ask(task, { timeoutMs: openTimeoutMs }));
    cache.keep(name, found);
    return await reply
      .headers({ ...headersOf(found), etag, "cache-control": "private, max-age=3600" })
      .type(query.format === "png" ? "image/png" : "image/jpeg")
      .send(Buffer.from(found.data));
  };

  const findOwn = async (request: FastifyRequest<WithId>): Promise<{ accountId: string; job: Job }> => {
    const account = await accountOf(request, parts.accounts);
    return { accountId: account.id, job: await findJob(parts.jobs, account.id, request.params.id) };
  };

  return async (app) => {
    app.get<WithId>("/api/jobs/:id/view", async (request): Promise<ViewDocument> => {
      const { job } = await findOwn(request);
      const [source, result] = [await sourceOf(job), await resultOf(job)];
      return {
        job_id: job.id,
        source: source === undefined ? null : await encodePicture(source),
        result: result === undefined ? null : await encodePicture(result),
      };
    });

    app.get<WithId>("/api/jobs/:id/times", async (request): Promise<TimesDocument> => {
      const { job } = await findOwn(request);
      const { of, from, count } = parseBody(TimesQuery, request.query);
      const opened = of === "source" ? await sourceOf(job) : await resultOf(job);
      if (opened === undefined) throw noPicture(of, job);
      const task = { type: "times", path: opened.path, from, count } as const;
      const { total, seconds } = await parts.viewer.ask(task, { timeoutMs: openTimeoutMs });
      return { from, total, seconds: [...seconds] };
    });

    app.get<WithId>("/api/jobs/:id/frame", async (request, reply) => {
      const { accountId, job } = await findOwn(request);
      const query = parseBody(FrameQuery, request.query);
      using held = new DisposableStack();
      held.use(turns.take(accountId));
      const result = await resultOf(job);
      const opened = query.of === "source" ? await sourceOf(job) : result;
      if (opened === undefined) throw noPicture(query.of, job);
      return await send(opened, query, reply, query.of === "source" ? result : undefined);
    });

    app.get<WithId>("/api/uploads/:id/frame", async (request, reply) => {
      const account = await accountOf(request, parts.accounts);
      const { id } = request.params;
      const query = parseBody(FrameQuery, request.query);
      if (!z.uuid().safeParse(id).success)
        throw new AppError("upload_not_found", "There is no such upload.", { details: { id } });
      using held = new DisposableStack();
      held.use(turns.take(account.id));
      return await send(await openUpload(parts, account.id, id), query, reply);
    });
  };
}

/** Long enough to look at, short enough to be of no use when it is found somewhere. */
const linkSeconds = 12 * 3600;

async function orGone(opening: Promise<Opened>): Promise<Opened | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof AppError && error.code === "object_not_found") return undefined;
    throw error;
  }
}

function noPicture(of: "source" | "result", job: Job): AppError {
  const details = { id: job.id, state: job.state };
  if (of === "source") {
    const message =
      job.source.kind === "url"
        ? "The source came from an address and was not kept; upload it, or have it fetched as an upload, to compare."
        : "The source of this job is no longer kept.";
    return new AppError("object_not_found", message, { details });
  }
  const message = job.result === undefined ? "The job has no result yet." : "The result of this job is no longer kept.";
  return new AppError("object_not_found", message, { details });
}

function beyondEnd(index: number, frames: number): AppError {
  return new AppError("object_not_found", `There is no frame ${index}: the video has ${frames}.`, { details: { frames } });
}

function regionOf({ x, y, width, height }: FrameQuery): Extract<ViewerTask, { type: "frame" }>["region"] {
  if (width === undefined && height === undefined && x === undefined && y === undefined) return undefined;
  if (width === undefined || height === undefined) {
    throw new AppError("bad_request", "A region takes `x`, `y`, `width` and `height`.");
  }
  return { x: x ?? 0, y: y ?? 0, width, height };
}

function headersOf({ index, seconds, frames, shown }: FrameAnswer): Readonly<Record<string, string>> {
  return {
    "x-frame-index": String(index),
    "x-frame-seconds": seconds.toFixed(6),
    "x-frame-count": String(frames),
    "x-picture-size": `${shown.width}x${shown.height}`,
  };
}
