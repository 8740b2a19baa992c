import { once } from "node:events";
import { createApp } from "../../app.ts";
import type { CommandContext } from "../context.ts";
import { readServiceConfig } from "../service-config.ts";

/** Requests end and segments are handed back within this. */
export const serviceStopMs = 15_000;

/** `upres serve`: the API, and unless told otherwise the work, until Ctrl-C. */
export async function serve(typed: unknown, { output, signal, takeTimeToStop }: CommandContext): Promise<void> {
  const config = readServiceConfig(typed);
  takeTimeToStop(serviceStopMs);
  await using app = await createApp(config);
  signal.throwIfAborted();
  const { url, isOpen, pageUrl } = await app.listen();
  const mode = isOpen ? "open" : "keys";
  output.document({ url, mode, role: config.server.role, data: config.data.folder });
  const access = isOpen ? "open to this machine, no key needed" : "with keys";
  const work = config.server.role === "all" ? "" : ", jobs wait for workers";
  output.result(`Upres is ready at ${url} (${access}${work}), data in ${config.data.folder}; Ctrl-C ends it.`);
  // Only where somebody looks: a log is no place for a key.
  if (pageUrl !== undefined && output.width !== undefined) output.result(`The page, with this machine's own key: ${pageUrl}`);
  if (!signal.aborted) await once(signal, "abort");
  output.note("Ending; unfinished jobs go on at the next start.");
}
