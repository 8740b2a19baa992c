import { z } from "zod";
import { spawnUpres } from "../../test/support/serve-process.ts";
import { childOf } from "./process-usage.ts";

const Started = z.object({ url: z.url().optional() });

/** `upres serve` or `upres worker` as users start it. Disposing ends it by SIGTERM. */
export type RunningCommand = AsyncDisposable & {
  /** Empty for a worker. */
  readonly url: string;
  /** The process behind the launcher. */
  readonly pid: number;
  /** From launch to the announcement that it is ready. */
  readonly startSeconds: number;
};

export type CommandSettings = { readonly folder: string; readonly databaseUrl?: string | undefined };

/** Starts a command on a free port and waits until it says that it is ready.  Throws: Error with its messages. */
export async function startCommand(
  words: readonly string[],
  { folder, databaseUrl }: CommandSettings,
  extra: Readonly<Record<string, string>> = {},
): Promise<RunningCommand> {
  const settings = {
    UPRES_LOG_LEVEL: "warn",
    UPRES_PORT: "0",
    ...(databaseUrl !== undefined && { UPRES_DATABASE_URL: databaseUrl }),
    ...extra,
  };
  const began = performance.now();
  const { child, ended, sawDocument } = spawnUpres([...words, "--json", "--data", folder], settings);
  const { url = "" } = Started.parse(await sawDocument);
  const startSeconds = (performance.now() - began) / 1000;
  if (child.pid === undefined) throw new Error("the command has no process");
  return {
    url,
    pid: await childOf(child.pid),
    startSeconds,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
