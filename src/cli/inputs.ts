import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { isErrno, statOrUndefined } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import type { Container } from "../domain/upscale-request.ts";
import { displayUrl } from "../ingest/download.ts";
import { badRequest, containerOf } from "./options.ts";

export type Input = { readonly kind: "file"; readonly path: string } | { readonly kind: "url"; readonly url: URL };

/** One video to make. `label` names the input to people. */
export type Job = { readonly label: string; readonly input: Input; readonly outputPath: string };

export type JobList = {
  readonly jobs: readonly Job[];
  /** Several inputs or a folder: outputs that are there already are passed over, and the result is a list. */
  readonly isBatch: boolean;
};

const videoExtensions = new Set(
  "3g2 3gp asf avi divx dv f4v flv gif ivf m2ts m2v m4v mkv mov mp4 mpeg mpg mts mxf nut ogv ps rm ts vob webm wmv wtv y4m"
    .split(" ")
    .map((extension) => `.${extension}`),
);
const ownOutput = /\.upres\.(mp4|webm|mov)$/i;

/** What an argument names. Throws: AppError `bad_request` for an address that is none. */
export function parseInput(argument: string): Input {
  if (!/^https?:\/\//i.test(argument)) {
    const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(argument)?.[1];
    if (scheme !== undefined)
      throw badRequest(`${scheme}:// addresses are not supported; give a file, a folder or an http(s) URL`);
    return { kind: "file", path: argument };
  }
  const url = URL.parse(argument);
  if (url === null) throw badRequest(`${argument} is not a valid URL`);
  return { kind: "url", url };
}

export function labelOf(input: Input): string {
  return input.kind === "file" ? input.path : displayUrl(input.url);
}

/** Finds the videos that the arguments mean and where each result goes.
 *  Throws: AppError `bad_request`, and `input_not_found` for a folder without videos. */
export async function listJobs(
  inputArguments: readonly string[],
  output: string | undefined,
  container: Container,
): Promise<JobList> {
  const inputs: Input[] = [];
  let hasFolder = false;
  for (const input of inputArguments.map(parseInput)) {
    if (input.kind === "file" && (await isFolder(input.path))) {
      hasFolder = true;
      inputs.push(...(await videosIn(input.path)));
    } else inputs.push(input);
  }
  const isBatch = hasFolder || inputs.length > 1;
  const place = await choosePlace(output, isBatch);
  const jobs = nameOutputs(inputs, place, container);
  for (const job of jobs) await refuseOwnInput(job);
  return { jobs, isBatch };
}

type Place =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "beside" };

async function choosePlace(output: string | undefined, isBatch: boolean): Promise<Place> {
  if (output === undefined) return { kind: "beside" };
  if (/[/\\]$/.test(output) || (await isFolder(output))) return { kind: "folder", path: output };
  if (!isBatch) {
    if (containerOf(output) !== undefined) return { kind: "file", path: output };
    throw badRequest(`The output ${output} must end in .mp4, .webm or .mov, or be a folder (then end it with /)`);
  }
  if (containerOf(output) !== undefined || (await statOrUndefined(output)) !== undefined) {
    throw badRequest(`With several inputs -o names a folder, and ${output} is a file name`);
  }
  return { kind: "folder", path: output };
}

/** Names each result `<name>.upres.<container>`; where two would meet, the input's own ending stays in the name. */
function nameOutputs(inputs: readonly Input[], place: Place, container: Container): readonly Job[] {
  const named = inputs.map((input) => ({ input, ...outputNames(input, place, container) }));
  const shortCounts = countBy(named.map(({ short }) => resolve(short)));
  const jobs = named.map(({ input, short, long }) => ({
    input,
    label: labelOf(input),
    outputPath: (shortCounts.get(resolve(short)) ?? 0) > 1 ? long : short,
  }));
  for (const [path, count] of countBy(jobs.map((job) => resolve(job.outputPath)))) {
    if (count > 1) throw badRequest(`${count} inputs would all become ${path}; run them one at a time with different outputs`);
  }
  return jobs;
}

function outputNames(input: Input, place: Place, container: Container): { short: string; long: string } {
  if (place.kind === "file") return { short: place.path, long: place.path };
  const file = input.kind === "file" ? basename(input.path) : urlFileName(input.url);
  const folder = place.kind === "folder" ? place.path : input.kind === "file" ? dirname(input.path) : ".";
  const name = basename(file, extname(file));
  return { short: join(folder, `${name}.upres.${container}`), long: join(folder, `${file}.upres.${container}`) };
}

function urlFileName(url: URL): string {
  const last = url.pathname.split("/").findLast((part) => part !== "") ?? url.hostname;
  let decoded = last;
  try {
    decoded = decodeURIComponent(last);
  } catch (error) {
    if (!(error instanceof URIError)) throw error; // a stray percent sign stays as it is
  }
  const safe = decoded.replace(/[^\p{L}\p{N}._ -]/gu, "_").replace(/^\.+/, "");
  return safe === "" ? "video" : safe.slice(-100);
}

async function videosIn(folder: string): Promise<Input[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .filter((name) => videoExtensions.has(extname(name).toLowerCase()) && !ownOutput.test(name))
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (names.length === 0) {
    throw new AppError("input_not_found", `The folder ${folder} holds no video files; folders inside it are not searched.`);
  }
  return names.map((name) => ({ kind: "file", path: join(folder, name) }));
}

async function refuseOwnInput({ input, outputPath }: Job): Promise<void> {
  if (input.kind !== "file") return;
  const [source, target] = [await realPathOrUndefined(input.path), await realPathOrUndefined(outputPath)];
  if (source !== undefined && source === target) {
    throw badRequest(`The output ${outputPath} is the input itself; choose another name`);
  }
}

async function realPathOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await statOrUndefined(path))?.isDirectory() === true;
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
