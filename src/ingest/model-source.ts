import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { isErrno } from "../core/files.ts";
import { FetchError, safeFetch } from "../core/safe-fetch.ts";
import { readZipEntry } from "../core/zip.ts";
import { AppError } from "../domain/errors.ts";
import { type CuratedModel, curatedModels } from "../models/curated.ts";
import { displayUrl, downloadError } from "./download-error.ts";

/** Where a network is to come from, before anything of it is read. */
export type ModelSource =
  | { readonly kind: "curated"; readonly model: CuratedModel }
  | { readonly kind: "file" | "url"; readonly format: "onnx" | "ncnn"; readonly place: string };

/** A network's files in memory, and the sha256 of what was asked for: the ONNX file, the .bin, the archive. */
export type ModelMaterial = { readonly sha256: string } & (
  | { readonly format: "onnx"; readonly onnx: Buffer }
  | { readonly format: "ncnn"; readonly param: string; readonly bin: Buffer }
);

export type ObtainOptions = {
  readonly sha256?: string;
  readonly allowAddress: (address: string) => boolean;
  readonly signal?: AbortSignal;
};

export const modelLimits = {
  weightsBytes: 512e6,
  paramBytes: 4e6,
  timeoutMs: 3600e3,
  idleTimeoutMs: 60e3,
  maxRedirects: 5,
} as const;

/** What `word` names: a curated network, a URL, or a file.  Throws: AppError `bad_request`. */
export function parseModelSource(word: string): ModelSource {
  const model = curatedModels.find(({ id }) => id === word);
  if (model !== undefined) return { kind: "curated", model };
  const url = /^[a-z][a-z0-9+.-]+:\/\//i.test(word) ? URL.parse(word) : null;
  if (url !== null && !/^https?:$/.test(url.protocol))
    throw new AppError("bad_request", `${url.protocol}// is not http or https.`);
  const ending = extname(url === null ? word : url.pathname).toLowerCase();
  const format = ending === ".onnx" ? "onnx" : ending === ".param" || ending === ".bin" ? "ncnn" : undefined;
  if (format === undefined) {
    const names = curatedModels.map(({ id }) => id).join(", ");
    throw new AppError("bad_request", `${word} is neither an .onnx, .param or .bin file or URL nor one of ${names}.`);
  }
  return { kind: url === null ? "file" : "url", format, place: word };
}

/** What may be shown of the place: no credentials, no query, no folders. */
export function describeModelSource(source: ModelSource): string {
  if (source.kind === "curated") {
    const { place } = source.model;
    return (place.kind === "files" ? place.bin : place.archive).url;
  }
  return source.kind === "url" ? displayUrl(new URL(source.place)) : basename(source.place);
}

/** Reads or downloads the network's files and checks their sha256.
 *  Throws: AppError `model_invalid` when it is another one, `download_failed`, `upload_too_large`, `input_not_found`. */
export async function obtainModel(source: ModelSource, options: ObtainOptions): Promise<ModelMaterial> {
  if (source.kind === "curated") return await obtainCurated(source.model, options);
  const read = source.kind === "url" ? fetchFrom(options) : readFileBytes;
  if (source.format === "onnx") {
    const onnx = await read(source.place, modelLimits.weightsBytes);
    return { format: "onnx", onnx, sha256: checkSha256(onnx, options.sha256) };
  }
  const param = (await read(withEnding(source, ".param"), modelLimits.paramBytes)).toString("utf8");
  const bin = await read(withEnding(source, ".bin"), modelLimits.weightsBytes);
  return { format: "ncnn", param, bin, sha256: checkSha256(bin, options.sha256) };
}

async function obtainCurated({ place }: CuratedModel, options: ObtainOptions): Promise<ModelMaterial> {
  const { paramBytes, weightsBytes } = modelLimits;
  const download = async ({ url, sha256 }: { readonly url: string; readonly sha256: string }, maxBytes: number) => {
    const bytes = await fetchBytes(new URL(url), maxBytes, options);
    checkSha256(bytes, sha256);
    return bytes;
  };
  if (place.kind === "files") {
    const param = (await download(place.param, paramBytes)).toString("utf8");
    return { format: "ncnn", param, bin: await download(place.bin, weightsBytes), sha256: place.bin.sha256 };
  }
  const bytes = await download(place.archive, weightsBytes);
  const entry = (name: string, maxBytes: number): Buffer =>
    readZipEntry(bytes, (path) => path === name || path.endsWith(`/${name}`), maxBytes);
  const param = entry(place.param, paramBytes).toString("utf8");
  return { format: "ncnn", param, bin: entry(place.bin, weightsBytes), sha256: place.archive.sha256 };
}

/** The two files of an ncnn network lie beside each other. */
function withEnding({ kind, place }: { readonly kind: "file" | "url"; readonly place: string }, ending: string): string {
  if (kind === "file") return place.slice(0, -extname(place).length) + ending;
  const url = new URL(place);
  url.pathname = url.pathname.slice(0, -extname(url.pathname).length) + ending;
  return url.href;
}

const fetchFrom =
  (options: ObtainOptions) =>
  (place: string, maxBytes: number): Promise<Buffer> =>
    fetchBytes(new URL(place), maxBytes, options);

async function fetchBytes(url: URL, maxBytes: number, { allowAddress, signal }: ObtainOptions): Promise<Buffer> {
  try {
    const { timeoutMs, idleTimeoutMs, maxRedirects } = modelLimits;
    const resource = await safeFetch(url, {
      maxBytes,
      timeoutMs,
      idleTimeoutMs,
      maxRedirects,
      allowAddress,
      ...(signal !== undefined && { signal }),
    });
    if (resource.isUnchanged) throw new FetchError("status", "the server answered with status 304", { status: 304 });
    return Buffer.concat(await Array.fromAsync(resource.body));
  } catch (cause) {
    if (cause instanceof FetchError) throw downloadError(cause, url, maxBytes);
    throw cause;
  }
}

async function readFileBytes(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(path).catch((cause: unknown) => {
    if (!isErrno(cause, "ENOENT") && !isErrno(cause, "ENOTDIR")) throw cause;
    throw new AppError("input_not_found", `There is no file ${path}.`, { cause });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new AppError("model_invalid", `${path} is not a file.`);
    if (facts.size > maxBytes) throw new AppError("model_invalid", `${path} is larger than ${maxBytes} bytes.`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function checkSha256(bytes: Buffer, expected: string | undefined): string {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (expected === undefined || expected === found) return found;
  throw new AppError("model_invalid", `The file's sha256 is ${found} and not ${expected}; nothing was added.`, {
    details: { found, expected },
  });
}
