import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { exists } from "../../core/files.ts";
import { stringifyJson } from "../../core/json.ts";
import { AppError } from "../../domain/errors.ts";
import type { InstalledModel } from "../../domain/model-descriptor.ts";
import type { Inspection } from "../../engine/inspect.ts";
import { refuseWithoutDirt, writeRemoved } from "../../engine/removed.ts";
import { run } from "../../engine/run.ts";
import type { Report } from "../../engine/report.ts";
import { workspacePath } from "../../engine/workspace.ts";
import type { CommandContext } from "../context.ts";
import { type ExitCode, exitCodeFor, exitCodes, toAppError } from "../errors.ts";
import { type Job, listJobs } from "../inputs.ts";
import { LocalFile } from "../local-file.ts";
import { chosenModel } from "../model-folder.ts";
import { badRequest, parseOptions, type UpscaleOptions } from "../options.ts";
import { errorDocument, type Output } from "../output.ts";
import { reportRows, reportTitle } from "../report-table.ts";
import { RunDisplay } from "../run-display.ts";
import { formatTable } from "../table.ts";
import { countOf } from "../units.ts";

/** What was typed, with the added network that it names. */
type RunOptions = UpscaleOptions & { readonly model: InstalledModel | undefined };

type Outcome =
  | { readonly kind: "done"; readonly job: Job; readonly report: Report }
  | { readonly kind: "skipped"; readonly job: Job }
  | { readonly kind: "failed"; readonly job: Job; readonly error: AppError };

/** `upres <input…>`: every input one after the other; one that fails does not stop the others. */
export async function upscale(inputs: readonly string[], typed: unknown, context: CommandContext): Promise<ExitCode> {
  const { output, signal } = context;
  const options: RunOptions = { ...parseOptions(typed), model: await chosenModel(typed) };
  const { jobs, isBatch } = await listJobs(inputs, options.output, options.request.container);
  if (isBatch && options.removed !== undefined) throw badRequest("--removed names one file; give one video with it");
  const outcomes: Outcome[] = [];
  for (const job of jobs) {
    if (signal.aborted) break;
    outcomes.push(await attempt(job, isBatch, options, context));
  }
  const document = isBatch ? outcomes.map(describeOutcome) : outcomes.map(withoutInput)[0];
  if (options.report !== undefined) await writeReport(options.report, document);
  output.document(document);
  if (isBatch && !signal.aborted) printSummary(outcomes, output);
  return outcomes.length < jobs.length ? exitCodes.interrupted : exitCodeOf(outcomes, isBatch);
}

async function attempt(job: Job, isBatch: boolean, options: RunOptions, context: CommandContext): Promise<Outcome> {
  const { output } = context;
  if (isBatch && !options.overwrite && (await exists(job.outputPath))) {
    output.note(`${job.label}: ${job.outputPath} exists already, passed over; add --overwrite to make it anew`);
    return { kind: "skipped", job };
  }
  const display = new RunDisplay(output, job.label);
  try {
    const report = await upscaleOne(job, options, context, display);
    printReport(report, output);
    return { kind: "done", job, report };
  } catch (thrown) {
    const error = toAppError(thrown, context.signal);
    if (error.code !== "cancelled") {
      output.error(error, isBatch ? job.label : undefined);
      return { kind: "failed", job, error };
    }
    if (display.hasNothingToKeep) await rm(workspacePath(job.outputPath), { recursive: true, force: true });
    const stopped = new AppError("cancelled", display.describeStop(), { details: { output: job.outputPath } });
    output.error(stopped);
    return { kind: "failed", job, error: stopped };
  }
}

/** Makes one output, whatever the input is. */
export async function upscaleOne(job: Job, options: RunOptions, context: CommandContext, display: RunDisplay): Promise<Report> {
  for (const path of [job.outputPath, options.removed]) {
    if (options.overwrite || path === undefined || !(await exists(path))) continue;
    const advice = "add --overwrite to replace it or choose another output";
    throw new AppError("output_exists", `${path} exists already; ${advice}.`);
  }
  let inspection: Inspection | undefined;
  await using file = await LocalFile.forOutput(job.input, job.outputPath, context);
  try {
    const report = await run({
      inputPath: file.path,
      outputPath: job.outputPath,
      request: options.request,
      provider: options.provider,
      threads: options.threads,
      ...(options.model !== undefined && { model: options.model }),
      overwrite: options.overwrite,
      resume: options.resume,
      onEvent: (event) => {
        if (event.type === "planned") inspection = event.inspection;
        if (event.type === "planned" && options.removed !== undefined) refuseWithoutDirt(event.inspection.plan);
        display.onEvent(event);
      },
      signal: context.signal,
    });
    if (options.removed !== undefined && inspection !== undefined) {
      const { threads } = options;
      await writeRemoved({ inputPath: file.path, outputPath: options.removed, inspection, threads, signal: context.signal });
    }
    return { ...report, input: { ...report.input, path: job.label } };
  } catch (error) {
    if (context.signal.aborted) file.keep();
    throw error;
  }
}

export function printReport(report: Report, output: Output): void {
  output.result(reportTitle(report));
  output.result(formatTable(reportRows(report), { indent: 2, width: output.width }));
}

function describeOutcome(outcome: Outcome): unknown {
  const { label, outputPath } = outcome.job;
  switch (outcome.kind) {
    case "done":
      return outcome.report;
    case "skipped":
      return { input: { path: label }, output: { path: outputPath }, state: "skipped", reason: "the output exists already" };
    case "failed":
      return { input: { path: label }, ...errorDocument(outcome.error) };
  }
}

/** With one input there is no question whose error it is. */
function withoutInput(outcome: Outcome): unknown {
  return outcome.kind === "failed" ? errorDocument(outcome.error) : describeOutcome(outcome);
}

function printSummary(outcomes: readonly Outcome[], output: Output): void {
  const count = (kind: Outcome["kind"]): number => outcomes.filter((outcome) => outcome.kind === kind).length;
  const parts = [`${count("done")} done`, `${count("skipped")} passed over`, `${count("failed")} failed`];
  output.result(`${countOf(outcomes.length, "video")}: ${parts.join(", ")}`);
  for (const outcome of outcomes) {
    if (outcome.kind === "failed") output.result(`  failed: ${outcome.job.label}`);
  }
}

function exitCodeOf(outcomes: readonly Outcome[], isBatch: boolean): ExitCode {
  const errors = outcomes.flatMap((outcome) => (outcome.kind === "failed" ? [outcome.error] : []));
  const [first] = errors;
  if (first === undefined) return exitCodes.done;
  if (errors.some((error) => error.code === "cancelled")) return exitCodes.interrupted;
  return isBatch ? exitCodes.failed : exitCodeFor(first.code);
}

async function writeReport(path: string, document: unknown): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${stringifyJson(document, 2)}\n`);
  } catch (cause) {
    throw new AppError("output_unwritable", `The report cannot be written to ${path}; choose another place.`, { cause });
  }
}
