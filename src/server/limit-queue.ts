import type { Accounts } from "../accounts/accounts.ts";
import type { JobService } from "../jobs/job-service.ts";

/** Jobs as dialects submit them: how many may wait is the account's own limit, or the operator's. */
export function limitQueue(jobs: JobService, accounts: Pick<Accounts, "get">, maxQueueLength: number): JobService {
  return {
    submit: async (job) => {
      const account = await accounts.get(job.accountId);
      return await jobs.submit({ maxQueueLength: account?.maxQueueLength ?? maxQueueLength, ...job });
    },
    get: (accountId, id) => jobs.get(accountId, id),
    list: (accountId, options) => jobs.list(accountId, options),
    count: (accountId, filter) => jobs.count(accountId, filter),
    spending: (accountId, filter) => jobs.spending(accountId, filter),
    queuePosition: (job) => jobs.queuePosition(job),
    cancel: (accountId, id) => jobs.cancel(accountId, id),
    remove: (accountId, id) => jobs.remove(accountId, id),
    logs: (id, after) => jobs.logs(id, after),
    watch: (id, signal) => jobs.watch(id, signal),
    onFinished: (listener) => jobs.onFinished(listener),
    onPlanned: (listener) => jobs.onPlanned(listener),
    onProgress: (listener) => jobs.onProgress(listener),
  };
}
