import { setFlagsFromString } from "node:v8";
import { PGlite } from "@electric-sql/pglite";

/** Postgres's own settings, for one client on a small machine; at each start, so that older folders follow.
 *  The engine takes all shared memory at once and fills it with zeros, so a cache of 128 MB, which is usual, takes as much. */
const settings = {
  shared_buffers: "16MB",
  // How much a start after a crash has to read again.
  max_wal_size: "64MB",
  min_wal_size: "32MB",
};

/** Opens the database in a folder. */
export async function startEngine(folder: string): Promise<PGlite> {
  const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const startParams = [...PGlite.defaultStartParams, ...given];
  return await withoutOptimizingWebAssembly(() => PGlite.create({ dataDir: folder, startParams }));
}

/** One function of Postgres is so large that V8 takes 600 MB for a moment to optimize it, at every start, for statements
 *  that are then about a sixth faster. Modules keep what held when they were compiled, so later ones are not affected. */
async function withoutOptimizingWebAssembly<Result>(work: () => Promise<Result>): Promise<Result> {
  setFlagsFromString("--no-wasm-tier-up");
  setFlagsFromString("--no-wasm-dynamic-tiering");
  try {
    return await work();
  } finally {
    setFlagsFromString("--wasm-tier-up");
    setFlagsFromString("--wasm-dynamic-tiering");
  }
}
