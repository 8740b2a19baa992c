import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { CommandContext } from "../context.ts";
import { formatMicros, parseDollars } from "../dollars.ts";
import { openOperator } from "../operator.ts";
import { badRequest } from "../options.ts";
import { readServiceConfig } from "../service-config.ts";
import { formatTable } from "../table.ts";

const wholeOption = (option: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, `${option} takes a whole number from 1 to 999999`)
    .transform(Number)
    .optional();

const CreateOptions = z.looseObject({
  name: z.string().min(1, "--name takes some text").max(200, "--name takes at most 200 characters").default("key"),
  admin: z.boolean().optional(),
  account: z.string().min(1).max(100).optional(),
  credits: z.string().optional(),
  concurrent: wholeOption("--concurrent"),
  queue: wholeOption("--queue"),
  rate: wholeOption("--rate"),
});

/** `upres keys create`: makes a key and shows it, once. */
export async function createKey(typed: unknown, { output }: CommandContext): Promise<void> {
  const parsed = CreateOptions.safeParse(typed);
  if (!parsed.success) throw badRequest(parsed.error.issues.map(({ message }) => message).join("; "));
  const { name, admin, account, credits, concurrent, queue, rate } = parsed.data;
  const limits = [credits, concurrent, queue, rate];
  if (account !== undefined && limits.some((limit) => limit !== undefined)) {
    throw badRequest("Limits and credits belong to an account; a key for an existing one (--account) takes them over");
  }
  await using operator = await openOperator(readServiceConfig(typed));
  const created = await operator.createKey({
    name,
    ...(admin !== undefined && { is_admin: admin }),
    ...(account !== undefined && { account_id: account }),
    ...(credits !== undefined && { credits_micros: String(parseDollars(credits, "--credits")) }),
    ...(concurrent !== undefined && { max_concurrent_jobs: concurrent }),
    ...(queue !== undefined && { max_queue_length: queue }),
    ...(rate !== undefined && { requests_per_minute: rate }),
  });
  output.document(created);
  output.result(created.key);
  output.note("Keep it now: it is not shown again.");
}

/** `upres keys list`. */
export async function listKeys(typed: unknown, { output }: CommandContext): Promise<void> {
  await using operator = await openOperator(readServiceConfig(typed));
  const keys = await operator.listKeys();
  output.document(keys);
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.account_id,
    key.created_at.slice(0, 16).replace("T", " "),
    key.balance_micros === null ? "no limit" : formatMicros(BigInt(key.balance_micros)),
    key.revoked_at === null ? (key.is_admin ? "valid, admin" : "valid") : `revoked ${key.revoked_at.slice(0, 10)}`,
  ]);
  const header = ["key", "name", "account", "created", "credits left", "state"];
  output.result(keys.length === 0 ? "There are no keys; `upres keys create` makes one." : formatTable([header, ...rows]));
}

/** `upres keys revoke <id>`. */
export async function revokeKey(id: string, typed: unknown, { output }: CommandContext): Promise<void> {
  await using operator = await openOperator(readServiceConfig(typed));
  if (!(await operator.revokeKey(withoutSecret(id)))) {
    throw new AppError("bad_request", "There is no such key; `upres keys list` shows them.");
  }
  output.document({ id, revoked: true });
  output.result("The key is not valid any more.");
}

/** `upres keys grant <account or key> <dollars>`. */
export async function grantCredits(id: string, dollars: string, typed: unknown, { output }: CommandContext): Promise<void> {
  const micros = parseDollars(dollars, "A grant");
  if (micros === 0n) throw badRequest("A grant takes an amount above zero");
  await using operator = await openOperator(readServiceConfig(typed));
  const granted = await operator.grantCredits(withoutSecret(id), micros);
  if (granted === undefined) {
    throw new AppError("bad_request", "There is no such account or key; `upres keys list` shows them.");
  }
  output.document(granted);
  output.result(`The account ${granted.account_id} has ${formatMicros(BigInt(granted.balance_micros))} dollars now.`);
}

/** Of a whole key only the part that names it. */
function withoutSecret(key: string): string {
  return key.split(":")[0] ?? key;
}
