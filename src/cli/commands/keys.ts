import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { CommandContext } from "../context.ts";
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
  account: z.string().min(1).max(100).optional(),
  credits: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,6})?$/, "--credits takes an amount in dollars, as in 25 or 0.5")
    .optional(),
  concurrent: wholeOption("--concurrent"),
  queue: wholeOption("--queue"),
  rate: wholeOption("--rate"),
});

/** `upres keys create`: makes a key and shows it, once. */
export async function createKey(typed: unknown, { output }: CommandContext): Promise<void> {
  const parsed = CreateOptions.safeParse(typed);
  if (!parsed.success) throw badRequest(parsed.error.issues.map(({ message }) => message).join("; "));
  const { name, account, credits, concurrent, queue, rate } = parsed.data;
  const limits = [credits, concurrent, queue, rate];
  if (account !== undefined && limits.some((limit) => limit !== undefined)) {
    throw badRequest("Limits and credits belong to an account; a key for an existing one (--account) takes them over");
  }
  await using operator = await openOperator(readServiceConfig(typed));
  const created = await operator.createKey({
    name,
    ...(account !== undefined && { account_id: account }),
    ...(credits !== undefined && { credits_micros: String(toMicros(credits)) }),
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
    key.revoked_at === null ? "valid" : `revoked ${key.revoked_at.slice(0, 10)}`,
  ]);
  const header = ["key", "name", "account", "created", "credits left", "state"];
  output.result(keys.length === 0 ? "There are no keys; `upres keys create` makes one." : formatTable([header, ...rows]));
}

/** `upres keys revoke <id>`. */
export async function revokeKey(id: string, typed: unknown, { output }: CommandContext): Promise<void> {
  await using operator = await openOperator(readServiceConfig(typed));
  if (!(await operator.revokeKey(id.split(":")[0] ?? id))) {
    throw new AppError("bad_request", "There is no such key; `upres keys list` shows them.");
  }
  output.document({ id, revoked: true });
  output.result("The key is not valid any more.");
}

/** Dollars as typed, exactly. */
export function toMicros(amount: string): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

export function formatMicros(micros: bigint): string {
  const absolute = micros < 0n ? -micros : micros;
  const text = `${absolute / 1_000_000n}.${String(absolute % 1_000_000n).padStart(6, "0")}`.replace(/(\.\d\d\d*?)0+$/, "$1");
  return micros < 0n ? `-${text}` : text;
}
