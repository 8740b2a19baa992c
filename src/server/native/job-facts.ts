import { z } from "zod";
import type { Job } from "../../domain/job.ts";
import type { JobFilter } from "../../jobs/job-service.ts";
import { sourceIdOf } from "../../jobs/listing.ts";
import { sourceName } from "../../worker/workspace.ts";

/** The group of jobs that show what a whole one would give. */
export const tasteGroup = "taste";

export const TasteChoice = z.enum(["show", "hide", "only"]).default("show");

/** Which jobs of a list that leaves. */
export function ofTastes(choice: z.infer<typeof TasteChoice>): Pick<JobFilter, "group" | "notGroup"> {
  if (choice === "show") return {};
  return choice === "only" ? { group: tasteGroup } : { notGroup: tasteGroup };
}

/** What the native API keeps of a taste in each of its jobs. */
export const TasteFacts = z.object({
  id: z.uuid(),
  upload_id: z.uuid().describe("The whole video."),
  start_seconds: z.number(),
  duration_seconds: z.number(),
});
export type TasteFacts = z.infer<typeof TasteFacts>;

export const JobSourceDocument = z.object({
  id: z.string().describe("The same for all jobs of one source."),
  kind: z.enum(["upload", "url", "other"]),
  upload_id: z.uuid().nullable(),
  file_name: z.string(),
  url: z.string().nullable().describe("Without its query."),
});
export type JobSourceDocument = z.infer<typeof JobSourceDocument>;

const DialectData = z.looseObject({ fileName: z.string().optional(), taste: TasteFacts.optional() });

/** What a job's owner knows its source by. */
export function describeSource(job: Job): JobSourceDocument {
  const { source } = job;
  const fileName = DialectData.safeParse(job.dialectData).data?.fileName ?? sourceName(source);
  const common = { id: sourceIdOf(source), upload_id: null, file_name: fileName, url: null };
  if (source.kind === "object") {
    const uploadId = uploadIdOf(job);
    return uploadId === undefined ? { ...common, kind: "other" } : { ...common, kind: "upload", upload_id: uploadId };
  }
  const url = /^https?:/i.test(source.url) ? URL.parse(source.url) : null;
  return url === null ? { ...common, kind: "other" } : { ...common, kind: "url", url: `${url.origin}${url.pathname}` };
}

/** The upload of the job's own account that it reads. */
export function uploadIdOf({ source, accountId }: Job): string | undefined {
  const prefix = `uploads/${accountId}/`;
  if (source.kind !== "object" || !source.key.startsWith(prefix)) return undefined;
  return z.uuid().safeParse(source.key.slice(prefix.length)).data;
}

export function tasteOf(job: Job): TasteFacts | null {
  return job.group === tasteGroup ? (DialectData.safeParse(job.dialectData).data?.taste ?? null) : null;
}
