import type { Job } from "../../domain/job.ts";
import { runwayCreditMicros } from "../../domain/pricing.ts";
import type { DayOfSpending } from "../../jobs/job-service.ts";
import type { AccountFacts } from "../dialect-parts.ts";
import { failureOf } from "./errors.ts";
import { type Credits, modelName, type OrganizationBody, type TaskBody, type UsageReply } from "./wire.ts";

/** What an account without a limit is said to have: more than anybody spends, and a number for every client. */
const unlimitedCredits = 1_000_000_000;

export function creditsOf(micros: bigint): number {
  return Number(micros / runwayCreditMicros);
}

function costOf({ priceMicros }: Job): Credits {
  return { credits: creditsOf(priceMicros) };
}

export function createdBody(job: Job): { readonly id: string; readonly estimatedCost: Credits } {
  return { id: job.id, estimatedCost: costOf(job) };
}

export type TaskQuestion = {
  /** The account has as many running as it may have. */
  readonly isThrottled: boolean;
  /** Of a task that succeeded. */
  readonly outputUrl: string | undefined;
};

export function taskBody(job: Job, { isThrottled, outputUrl }: TaskQuestion): TaskBody {
  const common = { id: job.id, createdAt: job.createdAt.toISOString() };
  switch (job.state) {
    case "queued":
      return { ...common, status: isThrottled ? "THROTTLED" : "PENDING", estimatedCost: costOf(job) };
    case "running":
      return { ...common, status: "RUNNING", progress: job.progress, estimatedCost: costOf(job) };
    case "succeeded":
      return { ...common, status: "SUCCEEDED", output: outputUrl === undefined ? [] : [outputUrl], cost: costOf(job) };
    case "failed":
      return { ...common, status: "FAILED", ...failureOf(job.failure), cost: costOf(job) };
    case "cancelled":
      return { ...common, status: "CANCELLED", cost: costOf(job) };
  }
}

/** Where a signed file is found for callers of that base. */
export function fileUrl(publicBase: string, token: string, fileName: string): string {
  return `${publicBase}/files/${token}/${encodeURIComponent(fileName)}`;
}

export type OrganizationFacts = {
  readonly account: AccountFacts;
  readonly dailyLimit: number | undefined;
  readonly tasksOfDay: number;
};

export function organizationBody({ account, dailyLimit, tasksOfDay }: OrganizationFacts): OrganizationBody {
  const { balanceMicros, maxConcurrentJobs } = account;
  return {
    creditBalance: balanceMicros === undefined ? unlimitedCredits : Math.max(0, creditsOf(balanceMicros)),
    tier: {
      maxMonthlyCreditSpend: unlimitedCredits,
      models: { [modelName]: { maxConcurrentGenerations: maxConcurrentJobs, maxDailyGenerations: dailyLimit ?? null } },
    },
    usage: { models: { [modelName]: { dailyGenerations: tasksOfDay } } },
  };
}

/** Days on which something was spent. */
export function usageBody(days: readonly DayOfSpending[]): UsageReply {
  const paid = days.filter(({ micros }) => micros > 0n);
  return {
    models: paid.length === 0 ? [] : [modelName],
    results: paid.map(({ day, micros }) => ({ date: day, usedCredits: [{ model: modelName, amount: creditsOf(micros) }] })),
  };
}
