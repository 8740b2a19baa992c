import type { Job } from "../../domain/job.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import { filePath } from "../files.ts";

export type ResultLink = { readonly url: string; readonly path: string; readonly expiresAt: Date };

/** Where a finished job's file is, for as long as it is kept; the same link whenever it is asked for. */
export function resultLinkOf(
  job: Job,
  publicBase: string,
  { links, resultLifetimeSeconds }: { readonly links: SignedLinks; readonly resultLifetimeSeconds: number },
): ResultLink | undefined {
  if (job.result === undefined || job.finishedAt === undefined) return undefined;
  const lifetimeSeconds = job.resultLifetimeSeconds ?? resultLifetimeSeconds;
  const expiresAt = new Date(job.finishedAt.getTime() + lifetimeSeconds * 1000);
  const token = links.sign({ key: job.result.objectKey, purpose: "read", expiresAt });
  const path = filePath(token, job.result.fileName);
  return { url: publicBase + path, path, expiresAt };
}
