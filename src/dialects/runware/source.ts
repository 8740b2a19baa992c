import { randomUUID } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import type { JobSource } from "../../domain/job.ts";
import type { Problem } from "./answer.ts";
import type { RunwareContext } from "./context.ts";
import type { Decoded } from "./decode.ts";
import { keyOf, mediaNotFound, storeInline } from "./media.ts";
import { problemOf } from "./errors.ts";
import type { MediaSource } from "./media-source.ts";

/** Makes a job's source of what the caller wrote. Addresses are fetched by the worker; a file in the task is stored now,
 *  so that no job holds a video. */
export async function resolveSource(
  source: MediaSource,
  accountId: string,
  context: RunwareContext,
): Promise<Decoded<JobSource>> {
  switch (source.kind) {
    case "url":
      return accepted(ownObject(source.url, context) ?? { kind: "url", url: source.url });
    case "stored": {
      const key = await keyOf(source.id, accountId, context);
      return key === undefined ? refused(mediaNotFound(source.id, "inputs.video")) : accepted({ kind: "object", key });
    }
    case "inline": {
      const key = `inputs/${randomUUID()}`;
      try {
        await storeInline(source.dataUri, key, context);
        return accepted({ kind: "object", key });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return refused(problemOf(error));
      }
    }
  }
}

/** A link of this server needs no request; an expired one is a failed transfer like any other's. */
function ownObject(url: string, { ownUrlToKey }: RunwareContext): JobSource | undefined {
  try {
    const key = ownUrlToKey(new URL(url));
    return key === undefined ? undefined : { kind: "object", key };
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function accepted(value: JobSource): Decoded<JobSource> {
  return { ok: true, value };
}

function refused(problem: Problem): Decoded<JobSource> {
  return { ok: false, problem };
}
