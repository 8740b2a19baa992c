import { AppError } from "../../domain/errors.ts";
import { runwayCreditMicros } from "../../domain/pricing.ts";
import type { Handler } from "./context.ts";
import { decodeAccount, decodeReplyUrl } from "./decode.ts";
import { getLocalAccount, listLocalAccounts, type LocalAccount, removeLocalAccount, saveLocalAccount } from "./local-accounts.ts";
import { noContent, ok, type Reply } from "./reply.ts";
import { saveReplyUrl } from "./users.ts";

/** `GET /accounts`. */
export const listAccounts: Handler = async ({ caller }, { database }) => {
  const accounts = await listLocalAccounts(database, caller.accountId);
  if (accounts.length === 0) throw new AppError("input_not_found", "No account is configured");
  return ok(Object.fromEntries(accounts.map((account) => [account.email, encodeAccount(account, caller.userId)])));
};

/** `GET /accounts/{email}`. */
export const readAccount: Handler = async ({ caller, item }, { database }) => {
  return ok(encodeAccount(await getLocalAccount(database, caller.accountId, item), caller.userId));
};

/** `POST /accounts/{email}`: makes it or changes it. */
export const saveAccount: Handler = async ({ caller, item, readFields }, { database, clock }) => {
  const { email, maxJobs } = decodeAccount(await readFields(), item);
  const { accountId, userId } = caller;
  await saveLocalAccount(database, { accountId, email, maxJobs }, clock.now());
  return ok(encodeAccount(await getLocalAccount(database, accountId, email), userId));
};

/** `DELETE /accounts/{email}`. */
export const deleteAccount: Handler = async ({ caller, item }, { database }) => {
  const { email } = await getLocalAccount(database, caller.accountId, item);
  await removeLocalAccount(database, caller.accountId, email);
  return noContent;
};

const mask = "********";
/** There is nothing behind the token, so nothing of it runs out. */
const tokenLifetimeSeconds = 365 * 86_400;

function encodeAccount({ email, maxJobs, createdAt }: LocalAccount, userId: number): Readonly<Record<string, unknown>> {
  const issuedAt = Math.floor(createdAt.getTime() / 1000);
  return {
    email,
    password: mask,
    maxJobs,
    jwt: { token: mask, exp: issuedAt + tokenLifetimeSeconds, iat: issuedAt, id: userId },
  };
}

/** What an account without a limit is said to have left, in credits. */
const plenty = 1_000_000;
const storageGb = 500;

/** `GET /features/`: what is left is what is permitted less what is used. */
export const readFeatures: Handler = async ({ caller, query }, { accountFacts, database, jobs }) => {
  const { accountId } = caller;
  const given = query.get("email") ?? "";
  const filter = given === "" ? {} : { group: (await getLocalAccount(database, accountId, given)).email };
  const days = await jobs.spending(accountId, { dialect: "useapi", ...filter });
  const used = Number(days.reduce((sum, { micros }) => sum + micros, 0n) / runwayCreditMicros);
  const { balanceMicros } = await accountFacts(accountId);
  const left = balanceMicros === undefined ? plenty : Math.max(0, Number(balanceMicros / runwayCreditMicros));
  return ok({ permitted: { storageGB: storageGb, numPlanCredits: used + left }, used: { numPlanCredits: used } });
};

/** `GET /v2/account`. */
export const readDefaults: Handler = ({ caller }) => Promise.resolve(defaults(caller.replyUrl));

/** `POST /v2/account`. */
export const saveDefaults: Handler = async ({ caller, readFields }, { database }) => {
  const replyUrl = decodeReplyUrl(await readFields());
  await saveReplyUrl(database, caller.accountId, replyUrl);
  return defaults(replyUrl);
};

function defaults(replyUrl: string | undefined): Reply {
  return ok(replyUrl === undefined ? {} : { replyUrl });
}
