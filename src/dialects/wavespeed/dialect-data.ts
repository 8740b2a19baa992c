import { z } from "zod";
import type { Job } from "../../domain/job.ts";

/** What was submitted, as callbacks and the history repeat it. */
const SubmittedInput = z.object({
  video: z.string(),
  enable_sync_mode: z.boolean().optional(),
  webhook_url: z.string().optional(),
});
export type SubmittedInput = z.infer<typeof SubmittedInput>;

/** What the dialect keeps with its jobs. */
const DialectData = z.object({
  input: SubmittedInput,
  /** The base that the caller used, for links in callbacks. */
  publicBase: z.string(),
  /** The source is http and may not be: no worker fetches it. */
  isPlainHttp: z.boolean().optional(),
});
export type DialectData = z.infer<typeof DialectData>;

export function dialectDataOf(job: Pick<Job, "dialectData">): DialectData {
  return DialectData.parse(job.dialectData);
}

/** A text as a database's JSON can hold it: without NUL characters and halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD").toWellFormed();
}
