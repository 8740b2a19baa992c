import { AppError } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import { reserveMicros } from "../../domain/pricing.ts";
import { type FalContext, type FalRequest, header } from "./context.ts";
import { decodeInput, decodeQueueOptions } from "./decode.ts";
import { toDialectData } from "./dialect-data.ts";
import { failureProblems } from "./errors.ts";
import { sourceOf } from "./source.ts";
import type { Problem } from "./wire.ts";

export type Submitted =
  | { readonly kind: "job"; readonly job: Job }
  /** The input is wrong; what that means for the caller is the route's affair. */
  | { readonly kind: "problems"; readonly problems: readonly Problem[]; readonly webhookUrl: string | undefined };

/** Makes a job of a request's body, headers and query.
 *  Throws: AppError `bad_request` for a platform header that cannot be obeyed, and what `jobs.submit` throws. */
export async function submit(text: string, request: FalRequest, accountId: string, context: FalContext): Promise<Submitted> {
  const options = decodeQueueOptions((name) => header(request, name), request.query);
  if (typeof options === "string") throw new AppError("bad_request", options);
  const { webhookUrl, startTimeoutSeconds, resultLifetimeSeconds, maxQueueLength, priority } = options;
  const input = decodeInput(text);
  if (!input.ok) return { kind: "problems", problems: input.problems, webhookUrl };
  const source = await sourceOf(input.videoUrl, context);
  if ("code" in source) {
    return {
      kind: "problems",
      problems: failureProblems(source, { request: input.request, videoUrl: input.videoUrl }),
      webhookUrl,
    };
  }
  const job = await context.jobs.submit({
    accountId,
    dialect: "fal",
    request: input.request,
    source,
    priority,
    dialectData: toDialectData(input.videoUrl, request.publicBase),
    reserveMicros: reserveMicros("fal", input.request),
    ...(startTimeoutSeconds !== undefined && {
      startDeadline: new Date(context.clock.now().getTime() + startTimeoutSeconds * 1000),
    }),
    ...(resultLifetimeSeconds !== undefined && { resultLifetimeSeconds }),
    ...(maxQueueLength !== undefined && { maxQueueLength }),
    ...(webhookUrl !== undefined && { webhookUrl }),
  });
  return { kind: "job", job };
}
