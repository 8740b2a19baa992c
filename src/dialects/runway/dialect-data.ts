import { z } from "zod";
import type { Job } from "../../domain/job.ts";

/** What the dialect keeps with its jobs. */
const DialectData = z.object({
  /** The source was stored for this job alone, and goes with it. */
  ownsSource: z.boolean(),
});
export type DialectData = z.infer<typeof DialectData>;

export function dialectDataOf(job: Job): DialectData {
  return DialectData.parse(job.dialectData);
}
