import { AppError } from "../domain/errors.ts";
import { stringifyJson } from "../core/json.ts";
import type { Job, JobFailure } from "../domain/job.ts";
import { type JobFolder, jobFolder, sourceName } from "./workspace.ts";

/** What a job's owner is told of an error: in the names that the owner knows, without our files' places. */
export function describeFailure(error: unknown, dataFolder: string, job: Job): JobFailure {
  if (!(error instanceof AppError)) {
    return { code: "internal", message: "Something went wrong on our side; the details are in the server's log.", details: {} };
  }
  const failure: JobFailure = { code: error.code, message: error.message, details: error.details };
  return withoutPaths(failure, jobFolder(dataFolder, job), "the result", sourceName(job.source) || "the video");
}

/** The same data with the names of input and output in place of their paths. */
export function withoutPaths<Data>(data: Data, folder: JobFolder, outputName: string, inputName: string): Data {
  const rename = (text: string): string =>
    text.replaceAll(folder.inputPath, inputName).replaceAll(folder.outputPath, outputName).replaceAll(folder.path, "the server");
  const copy: unknown = JSON.parse(stringifyJson(data ?? null), (_key, value: unknown) =>
    typeof value === "string" ? rename(value) : value,
  );
  return copy as Data; // the same shape: only texts changed
}
