import { once } from "node:events";
import { createApp } from "../../app.ts";
import type { CommandContext } from "../context.ts";
import { readServiceConfig } from "../service-config.ts";
import { serviceStopMs } from "./serve.ts";

/** `upres worker`: works on the jobs of a shared database until Ctrl-C. */
export async function worker(typed: unknown, { output, signal, takeTimeToStop }: CommandContext): Promise<void> {
  const config = readServiceConfig(typed);
  takeTimeToStop(serviceStopMs);
  await using app = await createApp(config, { role: "worker" });
  signal.throwIfAborted();
  await app.listen();
  output.document({ role: "worker", data: config.data.folder });
  output.result(
    `Upres works on jobs now, ${config.jobs.concurrency} at a time, scratch files in ${config.data.folder}; Ctrl-C ends it.`,
  );
  if (!signal.aborted) await once(signal, "abort");
  output.note("Ending; unfinished jobs go back to the queue.");
}
