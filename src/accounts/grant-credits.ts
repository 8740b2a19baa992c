import type { Database } from "../db/database.ts";
import { AppError } from "../domain/errors.ts";
import type { CreditLedger } from "./credit-ledger.ts";

/** What an account has after a grant. */
export type GrantedCredits = { readonly accountId: string; readonly balanceMicros: bigint };

type Found = { readonly id: string; readonly limited: boolean };

/** Adds to the credits of an account, which is named by its own id or by that of one of its keys; undefined where there is
 *  none.  Throws: AppError `bad_request` for an account that may spend without a limit. */
export async function grantCredits(
  accountOrKeyId: string,
  micros: bigint,
  { database, ledger }: { readonly database: Database; readonly ledger: CreditLedger },
): Promise<GrantedCredits | undefined> {
  if (micros <= 0n) throw new AppError("bad_request", "Only an amount above zero can be granted.");
  return await database.transaction(async (transaction) => {
    const [account] = await transaction.query<Found>(
      `select a.id, a.has_credit_limit as limited from accounts a
       where a.id = $1 or a.id = (select k.account_id from api_keys k where k.id::text = lower($1))
       order by a.id = $1 desc limit 1`,
      [accountOrKeyId],
    );
    if (account === undefined) return undefined;
    if (!account.limited) {
      throw new AppError("bad_request", `The account ${account.id} has no limit of credits, so there is nothing to add to.`);
    }
    await ledger.grant(account.id, micros, transaction);
    return { accountId: account.id, balanceMicros: await ledger.balance(account.id, transaction) };
  });
}
