import type { Job } from "../../domain/job.ts";
import type { RunwareContext } from "./context.ts";

/** A task's job is found by its group, which is the task's UUID in lower case. */
export function groupOf(taskUUID: string): string {
  return taskUUID.toLowerCase();
}

export async function findTask(
  taskUUID: string,
  accountId: string,
  { jobs }: Pick<RunwareContext, "jobs">,
): Promise<Job | undefined> {
  const [job] = await jobs.list(accountId, { dialect: "runware", group: groupOf(taskUUID), limit: 1 });
  return job;
}
