import { z } from "zod";
import type { Job } from "../../domain/job.ts";

/** What the dialect keeps with its jobs. */
const TaskData = z.object({
  userId: z.int(),
  email: z.string(),
  exploreMode: z.boolean(),
  /** As given, or the account's. */
  replyUrl: z.string().optional(),
  replyRef: z.string().optional(),
  source: z.object({ id: z.string(), name: z.string(), frameRate: z.number(), hasAudio: z.boolean() }),
  groupId: z.string(),
  /** The base that the caller used, for links in callbacks. */
  publicBase: z.string(),
});
export type TaskData = z.infer<typeof TaskData>;

export function taskDataOf(job: Job): TaskData {
  return TaskData.parse(job.dialectData);
}

/** The name of a task's result: the source's without its extension, and what was made of it. */
export function artifactName({ source }: TaskData): string {
  return `${source.name.replace(/(?<=.)\.[^.]*$/, "")} 4K.mp4`;
}

/** When a task and its result are over; undefined while it is unfinished. */
export function expiryOf(job: Job, resultLifetimeSeconds: number): Date | undefined {
  if (job.finishedAt === undefined) return undefined;
  return new Date(job.finishedAt.getTime() + (job.resultLifetimeSeconds ?? resultLifetimeSeconds) * 1000);
}
