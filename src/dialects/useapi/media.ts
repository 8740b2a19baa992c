import { errorFacts } from "../../core/logger.ts";
import type { UseapiParts } from "./context.ts";
import { findLeftovers, forgetAsset } from "./assets.ts";

type MediaParts = Pick<UseapiParts, "database" | "jobs" | "store" | "clock" | "logger">;

const mostAtOnce = 100;
/** Local accounts times the tasks that each may have is less. */
const mostUnfinished = 1000;

/** Removes the files of assets that were deleted or whose time is over, but for those that unfinished tasks will read. */
export async function removeLeftovers(parts: MediaParts): Promise<void> {
  const { database, store, clock, logger } = parts;
  const now = clock.now();
  const inUse = new Map<string, ReadonlySet<string>>();
  for (const leftover of await findLeftovers(database, now, mostAtOnce)) {
    const { accountId, objectKey } = leftover;
    const keys = inUse.get(accountId) ?? (await sourcesOf(accountId, parts));
    inUse.set(accountId, keys);
    if (keys.has(objectKey)) continue;
    try {
      await store.delete(objectKey);
    } catch (error) {
      // It stays on the list and is tried again.
      logger.error("media not removed", { dialect: "useapi", ...errorFacts(error) });
      continue;
    }
    await forgetAsset(database, leftover, now);
  }
}

async function sourcesOf(accountId: string, { jobs }: MediaParts): Promise<ReadonlySet<string>> {
  const unfinished = await jobs.list(accountId, { states: ["queued", "running"], limit: mostUnfinished });
  return new Set(unfinished.flatMap(({ source }) => (source.kind === "object" ? [source.key] : [])));
}
