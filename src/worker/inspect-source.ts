import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../domain/errors.ts";
import type { InspectSource, SourceFacts } from "../domain/source-facts.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { startChild } from "./engine-process.ts";
import { type EngineFailure, toAppError } from "./engine-messages.ts";

export type InspectSourceParts = {
  readonly ingest: Pick<Ingest, "fetchSource" | "storeUpload">;
  readonly store: ObjectStore;
  readonly temporaryFolder: string;
  /** Aborts when the process is about to end. */
  readonly closing: AbortSignal;
};

/** Looking at videos is work for this machine: so many at a time, and the others are told to come again. */
const mostAtOnce = 4;

/** Videos that callers want looked at while they wait. */
export function createInspectSource({ ingest, store, temporaryFolder, closing }: InspectSourceParts): InspectSource {
  let running = 0;
  return async (source, { timeoutMs, maxBytes = Infinity, signal }) => {
    if (running >= mostAtOnce) {
      throw new AppError("rate_limited", "The server is looking at other videos; try again in a moment.", {
        details: { retryAfterSeconds: 2 },
        retryable: true,
      });
    }
    running += 1;
    const path = join(temporaryFolder, `look-${randomUUID()}`);
    const ends = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
    try {
      await ingest.fetchSource(source, path, ends);
      const { size } = await stat(path);
      if (size > maxBytes) throw tooLarge(size, maxBytes);
      const facts = await look(path, ends);
      if (source.kind === "object") {
        const object = await store.head(source.key);
        if (object === undefined) throw new AppError("object_not_found", "The file is no longer kept.");
        return { key: source.key, sizeBytes: size, contentType: object.contentType, facts };
      }
      const key = `inputs/${randomUUID()}`;
      const stored = await ingest.storeUpload(key, createReadStream(path), {}, { signal: ends });
      return { key, sizeBytes: size, contentType: stored.contentType, facts };
    } catch (error) {
      if (!ends.aborted || error instanceof AppError) throw error;
      const message = "The video could not be fetched and read in time.";
      throw new AppError("download_failed", message, { details: { failure: "timeout" }, retryable: true, cause: error });
    } finally {
      running -= 1;
      await rm(path, { force: true });
    }
  };
}

function tooLarge(sizeBytes: number, maxBytes: number): AppError {
  const message = `The video has ${sizeBytes} bytes; the most allowed are ${maxBytes}.`;
  return new AppError("upload_too_large", message, { details: { sizeBytes, maxBytes } });
}

/** A hostile file can end the process that reads it, which is therefore not this one. */
async function look(path: string, signal: AbortSignal): Promise<SourceFacts> {
  const child = startChild("inspect-child", "ignore");
  const closed = once(child, "close");
  const kill = (): void => void child.kill("SIGKILL");
  let answer: { facts?: SourceFacts; failure?: EngineFailure } | undefined;
  child.on("message", (message) => (answer = message as typeof answer)); // sent by inspect-child.ts
  child.on("error", () => undefined);
  signal.addEventListener("abort", kill, { once: true });
  child.send(path, () => undefined);
  await closed;
  signal.removeEventListener("abort", kill);
  if (answer?.facts !== undefined) return answer.facts;
  signal.throwIfAborted();
  if (answer?.failure !== undefined) throw toAppError(answer.failure);
  throw new AppError("input_unreadable", "The file cannot be read as a video: reading it ended the process that tried.");
}
