import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import { AppError } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import { tiers } from "../../domain/upscale-request.ts";
import { filePath } from "../files.ts";
import { accountOf } from "../auth.ts";
import { openUpload, requestOf } from "./estimates.ts";
import { tasteGroup, type TasteFacts } from "./job-facts.ts";
import { createJobEncoder } from "./job-encoder.ts";
import type { FoundTier } from "../../worker/viewer-messages.ts";
import type { NativeParts } from "./parts.ts";
import { EstimateQuestion, type TasteDocument } from "./page-wire.ts";
import { uploadKey } from "./uploads.ts";
import { parseBody } from "./wire.ts";

const timeoutMs = 180_000;

/** POST /api/tastes: two seconds of a video through every tier, for nothing; one at a time for an account. */
export function tasteRoutes(parts: NativeParts): FastifyPluginAsync {
  const busy = new Set<string>();

  const taste = async (
    accountId: string,
    question: EstimateQuestion,
    encode: (job: Job) => Promise<TasteDocument["jobs"][number]>,
  ) => {
    const { path, object } = await openUpload(parts, accountId, question.upload_id);
    const { tier: _tier, preset: _preset, ...request } = requestOf(question, "general");
    const asked = question.preset === undefined ? {} : { preset: question.preset };
    const look = await parts.viewer.ask(
      { type: "look", path, threads: parts.engineThreads, request: { ...request, ...asked } },
      { timeoutMs },
    );
    if (look.tiers.every((tier) => "failure" in tier)) throw failureOf(look.tiers[0]);
    const excerptId = randomUUID();
    await mkdir(parts.temporaryFolder, { recursive: true });
    const outputPath = join(parts.temporaryFolder, `excerpt-${excerptId}`);
    try {
      const cut = await parts.viewer.ask({ type: "cut", path, outputPath, threads: parts.engineThreads }, { timeoutMs });
      const key = uploadKey(accountId, excerptId);
      const fileName = `${object.fileName.replace(/\.[^.]*$/, "")}-excerpt.${cut.container}`;
      await parts.store.putFile(key, outputPath, { contentType: `video/${cut.container}`, fileName });
      const id = randomUUID();
      const facts: TasteFacts = {
        id,
        upload_id: question.upload_id,
        start_seconds: cut.stretch.startSeconds,
        duration_seconds: cut.stretch.durationSeconds,
      };
      const jobs: TasteDocument["jobs"] = [];
      for (const tier of look.tiers) {
        if ("failure" in tier) continue;
        const job = await parts.jobs.submit({
          accountId,
          dialect: "native",
          request: { ...requestOf(question, look.usedPreset), tier: tier.tier, assume: { ...look.assume, ...question.assume } },
          source: { kind: "object", key },
          reserveMicros: 0n,
          isFree: true,
          group: tasteGroup,
          maxUnfinished: tiers.length,
          dialectData: { fileName, taste: facts },
        });
        jobs.push(await encode(job));
      }
      const expiresAt = new Date(parts.clock.now().getTime() + parts.limits.inputLifetimeSeconds * 1000);
      const link = filePath(parts.links.sign({ key, purpose: "read", expiresAt }), fileName);
      const { startSeconds, durationSeconds, reason } = cut.stretch;
      return {
        id,
        excerpt: {
          upload_id: excerptId,
          start_seconds: startSeconds,
          duration_seconds: durationSeconds,
          reason,
          path: link,
          ...cut.size,
          frames: cut.frames,
        },
        jobs,
        unavailable: look.tiers.flatMap((tier) => ("failure" in tier ? [{ tier: tier.tier, error: tier.failure }] : [])),
      };
    } finally {
      await rm(outputPath, { force: true });
    }
  };

  return async (app) => {
    app.post("/api/tastes", async (request, reply): Promise<TasteDocument> => {
      const account = await accountOf(request, parts.accounts);
      const question = parseBody(EstimateQuestion, request.body);
      const unfinished = await parts.jobs.count(account.id, { group: tasteGroup, states: ["queued", "running"] });
      if (unfinished > 0 || busy.has(account.id)) {
        throw new AppError("too_many_jobs", "A taste is being made already; wait until it is there.", { retryable: true });
      }
      busy.add(account.id);
      try {
        const document = await taste(account.id, question, createJobEncoder(parts, request));
        reply.code(201);
        return document;
      } finally {
        busy.delete(account.id);
      }
    });
  };
}

function failureOf(tier: FoundTier | undefined): AppError {
  if (tier === undefined || !("failure" in tier)) return new AppError("internal", "No tier was looked at.");
  return new AppError(tier.failure.code, tier.failure.message);
}
