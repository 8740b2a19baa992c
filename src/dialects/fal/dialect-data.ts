import { z } from "zod";
import type { Job } from "../../domain/job.ts";

/** What the dialect keeps with its jobs. */
const DialectData = z.object({
  /** As given, a data URI cut short: errors repeat it. */
  videoUrl: z.string(),
  /** The base that the caller used, for links in callbacks. */
  publicBase: z.string(),
});
export type DialectData = z.infer<typeof DialectData>;

const longestUrl = 2_000;

export function toDialectData(videoUrl: string, publicBase: string): DialectData {
  return { videoUrl: videoUrl.slice(0, longestUrl), publicBase };
}

export function dialectDataOf(job: Job): DialectData {
  return DialectData.parse(job.dialectData);
}
