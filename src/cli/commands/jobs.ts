import { AppError } from "../../domain/errors.ts";
import type { CommandContext } from "../context.ts";
import { openOperator } from "../operator.ts";
import { readServiceConfig } from "../service-config.ts";
import { formatTable } from "../table.ts";

/** `upres jobs list`: the latest jobs of every account. */
export async function listJobs(typed: unknown, { output }: CommandContext): Promise<void> {
  await using operator = await openOperator(readServiceConfig(typed));
  const jobs = await operator.listJobs();
  output.document(jobs);
  const rows = jobs.map((job) => [
    job.id,
    job.dialect,
    job.state,
    job.state === "running" ? `${Math.floor(job.progress * 100)} %` : (job.error ?? ""),
    shortTime(job.created_at),
    job.account_id,
  ]);
  output.result(
    jobs.length === 0 ? "There are no jobs." : formatTable([["job", "through", "state", "", "submitted", "account"], ...rows]),
  );
}

/** `upres jobs deliveries`: the latest callbacks of every account. */
export async function listDeliveries(typed: unknown, { output }: CommandContext): Promise<void> {
  await using operator = await openOperator(readServiceConfig(typed));
  const deliveries = await operator.listDeliveries();
  output.document(deliveries);
  const rows = deliveries.map((delivery) => [
    delivery.id,
    delivery.job_id,
    delivery.state,
    String(delivery.attempts),
    delivery.last_outcome ?? "",
    shortTime(delivery.created_at),
    delivery.url,
  ]);
  const header = ["delivery", "job", "state", "attempts", "last answer", "since", "to"];
  output.result(deliveries.length === 0 ? "There are no callbacks." : formatTable([header, ...rows]));
}

/** `upres jobs resend <delivery>`. */
export async function resendDelivery(id: string, typed: unknown, { output }: CommandContext): Promise<void> {
  await using operator = await openOperator(readServiceConfig(typed));
  if (!(await operator.resendDelivery(id))) {
    throw new AppError("bad_request", "There is no such callback; `upres jobs deliveries` shows them.");
  }
  output.document({ id, sent: true });
  output.result("The callback is sent again.");
}

function shortTime(text: string): string {
  return text.slice(0, 16).replace("T", " ");
}
