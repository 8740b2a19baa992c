import { inspect } from "../../engine/inspect.ts";
import type { CommandContext } from "../context.ts";
import { parseInput } from "../inputs.ts";
import { LocalFile } from "../local-file.ts";
import { chosenModel } from "../model-folder.ts";
import { parseOptions } from "../options.ts";
import { formatTable } from "../table.ts";

/** `upres plan <input>`: every decision with its reason, nothing done. */
export async function plan(input: string, typed: unknown, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const { request, threads } = parseOptions(typed);
  const model = await chosenModel(typed);
  await using file = await LocalFile.forReading(parseInput(input), context);
  const inspection = await inspect(file.path, request, threads, signal, model?.descriptor);
  output.document(inspection.plan);
  const rows = inspection.plan.decisions.map(({ topic, choice, reason }) => [topic, choice, reason]);
  output.result(formatTable(rows, { width: output.width }));
}
