import { inspect } from "../../engine/inspect.ts";
import type { CommandContext } from "../context.ts";
import { parseInput } from "../inputs.ts";
import { LocalFile } from "../local-file.ts";
import { chosenModel } from "../model-folder.ts";
import { parseOptions } from "../options.ts";
import { formatTable } from "../table.ts";
import { countOf } from "../units.ts";

/** `upres plan <input>`: what was found and every decision with its reason, nothing done. */
export async function plan(input: string, typed: unknown, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const { request, threads } = parseOptions(typed);
  const model = await chosenModel(typed);
  await using file = await LocalFile.forReading(parseInput(input), context);
  const inspection = await inspect(file.path, request, threads, signal, model?.descriptor);
  output.document(inspection.plan);
  const { findings, sampledFrames } = inspection.plan.diagnosis;
  const found = findings.map(({ topic, finding, reason }) => [topic, finding, reason]);
  const decided = inspection.plan.decisions
    .filter(({ topic }) => !findings.some((finding) => finding.topic === topic))
    .map(({ topic, choice, reason }) => [topic, choice, reason]);
  const layout = { width: output.width };
  const samples = countOf(sampledFrames, "sampled frame");
  output.result(`What the picture shows, by ${samples} (--assume noise=none and the like overrule a line):`);
  output.result(formatTable(found, layout));
  output.result("\nWhat will be done:");
  output.result(formatTable(decided, layout));
}
