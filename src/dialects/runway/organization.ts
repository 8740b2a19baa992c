import { readText } from "../read-text.ts";
import type { RunwayCall, RunwayContext } from "./context.ts";
import { countOfDay } from "./daily-limit.ts";
import { decodeUsage } from "./decode.ts";
import { organizationBody, usageBody } from "./encode.ts";
import { invalidBody, tooLarge } from "./errors.ts";
import { json, type RunwayReply } from "./reply.ts";

const maxBodyBytes = 64 * 1024;

export async function readOrganization({ accountId }: RunwayCall, context: RunwayContext): Promise<RunwayReply> {
  const account = await context.accountFacts(accountId);
  const tasksOfDay = await countOfDay(accountId, context);
  return json(200, organizationBody({ account, dailyLimit: context.dailyLimit, tasksOfDay }));
}

/** Credits by day; what unfinished tasks hold counts as spent, as it does in the balance. */
export async function readUsage({ accountId, body }: RunwayCall, context: RunwayContext): Promise<RunwayReply> {
  const text = await readText(body, maxBodyBytes);
  if (text === undefined) return tooLarge;
  const range = decodeUsage(text, context.clock.now());
  if (!range.ok) return invalidBody(range.problem);
  const { start, before } = range.value;
  const days = await context.jobs.spending(accountId, { dialect: "runway", createdAfter: start, createdBefore: before });
  return json(200, usageBody(days));
}
