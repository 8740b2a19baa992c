import { z } from "zod";
import type { Job } from "../../domain/job.ts";
import type { Task } from "./decode.ts";

/** What the dialect keeps with its jobs. */
const DialectData = z.object({
  /** As it was written. */
  taskUUID: z.string(),
  /** What the result will be called; each submission has its own, so it also tells submissions apart. */
  resultId: z.string(),
  includeCost: z.boolean(),
  /** The base that the caller used, for links in callbacks. */
  publicBase: z.string(),
  /** The task as it was written. */
  original: z.record(z.string(), z.unknown()),
});
export type DialectData = z.infer<typeof DialectData>;

export function toDialectData(data: Omit<DialectData, "original"> & { readonly original: Task }): DialectData {
  return DialectData.parse(storable(data));
}

export function dialectDataOf(job: Job): DialectData {
  return DialectData.parse(job.dialectData);
}

/** The database's JSON knows no NUL characters and no halves of surrogate pairs. */
function storable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
    typeof item === "string" ? item.replaceAll("\u0000", "\uFFFD").toWellFormed() : item,
  );
}
