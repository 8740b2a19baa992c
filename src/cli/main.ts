import { CommanderError } from "commander";
import { version } from "../engine/version.ts";
import type { CommandContext } from "./context.ts";
import { cancelled, type ExitCode, exitCodeFor, exitCodes, toAppError } from "./errors.ts";
import { errorDocument, Output } from "./output.ts";
import { createProgram, explainParseError } from "./program.ts";

// The entry point of the `upres` command: reads the arguments, runs one command, ends with its exit code.

/** Native work that cannot be interrupted gets this long after Ctrl-C; commands may ask for more. */
let stopWithinMs = 2_000;

const words = process.argv.slice(2);
const flags = new Set(words.includes("--") ? words.slice(0, words.indexOf("--")) : words);
const output = new Output({
  stdout: process.stdout,
  stderr: process.stderr,
  isJson: flags.has("--json"),
  isQuiet: flags.has("--quiet"),
  isDebug: flags.has("--debug"),
});
const stopping = new AbortController();

// A terminal sends Ctrl-C to this process and to the launcher, which passes it on: only the first one counts.
function stop(): void {
  if (stopping.signal.aborted) return;
  if (process.connected) process.send?.("stopping");
  stopping.abort(cancelled());
  setTimeout(() => void endByForce(), stopWithinMs).unref();
}

/** Native libraries crash when the process exits under their work; a kill ends it cleanly, and the launcher knows why. */
async function endByForce(): Promise<void> {
  const error = cancelled();
  output.error(error);
  output.document(errorDocument(error));
  await output.flush();
  process.kill(process.pid, "SIGKILL");
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
// The launcher's channel closes when it ends, even by kill -9: nobody waits for the result any more.
process.on("disconnect", stop);
process.channel?.unref();
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.failed); // the reader has gone, as in `upres models | head -1`
    throw error;
  });
}

await main();

async function main(): Promise<void> {
  const takeTimeToStop = (durationMs: number): void => void (stopWithinMs = durationMs);
  const context: CommandContext = { output, signal: stopping.signal, takeTimeToStop };
  let code: ExitCode = exitCodes.done;
  const program = createProgram(
    {
      upscale: async (inputs, options) => {
        code = await (await import("./commands/upscale.ts")).upscale(inputs, options, context);
      },
      plan: async (input, options) => await (await import("./commands/plan.ts")).plan(input, options, context),
      probe: async (input) => await (await import("./commands/probe.ts")).probe(input, context),
      listModels: async (options) => await (await import("./commands/models.ts")).listModels(options, context),
      addNetwork: async (source, options) => await (await import("./commands/models.ts")).addNetwork(source, options, context),
      removeNetwork: async (id, options) => await (await import("./commands/models.ts")).removeNetwork(id, options, context),
      doctor: async () => {
        code = await (await import("./commands/doctor.ts")).doctor(context);
      },
      demo: async (options) => await (await import("./commands/demo.ts")).demo(options, context),
      serve: async (options) => await (await import("./commands/serve.ts")).serve(options, context),
      worker: async (options) => await (await import("./commands/worker.ts")).worker(options, context),
      createKey: async (options) => await (await import("./commands/keys.ts")).createKey(options, context),
      listKeys: async (options) => await (await import("./commands/keys.ts")).listKeys(options, context),
      revokeKey: async (id, options) => await (await import("./commands/keys.ts")).revokeKey(id, options, context),
      grantCredits: async (id, dollars, options) =>
        await (await import("./commands/keys.ts")).grantCredits(id, dollars, options, context),
      listJobs: async (options) => await (await import("./commands/jobs.ts")).listJobs(options, context),
      listDeliveries: async (options) => await (await import("./commands/jobs.ts")).listDeliveries(options, context),
      resendDelivery: async (id, options) => await (await import("./commands/jobs.ts")).resendDelivery(id, options, context),
    },
    version,
  );
  try {
    await program.parseAsync(words, { from: "user" });
    await exit(code);
  } catch (error) {
    const explained = error instanceof CommanderError ? explainParseError(error) : error;
    if (explained === undefined) await exit(exitCodes.done);
    else await fail(explained);
  }
}

async function fail(error: unknown): Promise<void> {
  const known = toAppError(error, stopping.signal);
  output.error(known);
  output.document(errorDocument(known));
  await exit(exitCodeFor(known.code));
}

/** Ends at once, whatever threads and handles are still there. */
async function exit(code: ExitCode): Promise<void> {
  await output.flush();
  process.exit(code);
}
