import type { ListedKey, NewKey } from "../accounts/account.ts";
import type { Accounts, CreatedKey } from "../accounts/accounts.ts";
import type { GrantedCredits } from "../accounts/grant-credits.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { DeliveryService } from "../delivery/create-delivery.ts";
import type { Job } from "../domain/job.ts";
import type { JobService } from "../jobs/job-service.ts";

/** What the operator may do, over everyone's accounts. */
export interface Control {
  createKey(key: NewKey): Promise<CreatedKey>;
  listKeys(): Promise<readonly ListedKey[]>;
  revokeKey(id: string): Promise<boolean>;
  /** Adds to an account's credits; undefined when there is no such account or key.
   *  Throws: AppError `bad_request` for an account without a limit. */
  grantCredits(accountOrKeyId: string, micros: bigint): Promise<GrantedCredits | undefined>;
  /** The newest first. */
  listJobs(limit: number): Promise<readonly Job[]>;
  listDeliveries(limit: number): Promise<readonly Delivery[]>;
  /** Sends a callback again; false when there is no such delivery. */
  resendDelivery(id: string): Promise<boolean>;
}

export type ControlParts = {
  readonly accounts: Accounts;
  readonly jobs: Pick<JobService, "list">;
  readonly delivery: Pick<DeliveryService, "list" | "resend">;
};

export function createControl({ accounts, jobs, delivery }: ControlParts): Control {
  const overAccounts = async <Item extends { readonly createdAt: Date }>(
    limit: number,
    list: (accountId: string) => Promise<readonly Item[]>,
  ): Promise<readonly Item[]> => {
    const found: Item[] = [];
    for (const { id } of await accounts.list()) found.push(...(await list(id)));
    return found.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime()).slice(0, limit);
  };
  return {
    createKey: (key) => accounts.createKey(key),
    listKeys: () => accounts.listKeys(),
    revokeKey: (id) => accounts.revokeKey(id),
    grantCredits: (accountOrKeyId, micros) => accounts.grantCredits(accountOrKeyId, micros),
    listJobs: (limit) => overAccounts(limit, (id) => jobs.list(id, { limit })),
    listDeliveries: (limit) => overAccounts(limit, (id) => delivery.list(id, { limit })),
    resendDelivery: async (id) => {
      if (!uuidShape.test(id)) return false;
      for (const account of await accounts.list()) if (await delivery.resend(account.id, id)) return true;
      return false;
    },
  };
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
