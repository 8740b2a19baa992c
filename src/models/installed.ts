import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists, isErrno, sha256OfFile } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import { type InstalledModel, modelIdPattern, RgbModelDescriptor } from "../domain/model-descriptor.ts";
import { bundledModels } from "./registry.ts";

const modelFile = "model.onnx";
const descriptorFile = "model.json";
const staging = /^[.]adding-/;
const stagingIsStaleAfterMs = 24 * 3600e3;

/** The networks in a folder of the user's: one folder each, holding the network and its descriptor.
 *  Throws: AppError `model_invalid` for a descriptor that cannot be read. */
export async function listInstalled(folder: string): Promise<readonly InstalledModel[]> {
  const names = await readdir(folder).catch((error: unknown) => (isErrno(error, "ENOENT") ? [] : Promise.reject(error)));
  const found: InstalledModel[] = [];
  for (const id of names.filter((name) => modelIdPattern.test(name)).toSorted()) {
    const model = await readInstalled(folder, id);
    if (model !== undefined) found.push(model);
  }
  return found;
}

/** The added network of that name.  Throws: AppError `not_available` naming what there is, `model_invalid`. */
export async function findInstalled(folder: string, id: string): Promise<InstalledModel> {
  const model = modelIdPattern.test(id) ? await readInstalled(folder, id) : undefined;
  if (model !== undefined) return model;
  const known = (await listInstalled(folder)).map(({ descriptor }) => descriptor.id);
  const own = bundledModels.some((bundled) => bundled.id === id);
  const there = known.length === 0 ? "none has been added yet" : `added are ${known.join(", ")}`;
  const advice = own
    ? "is one of Upres's own: choose it by --tier"
    : `has not been added; ${there}; upres models list shows what can be`;
  throw new AppError("not_available", `The network ${id} ${advice}.`, { details: { option: "model", known } });
}

/** Throws: AppError `model_invalid` when the file is not the one that was added. */
export async function checkInstalled({ descriptor, path }: InstalledModel): Promise<void> {
  if ((await exists(path)) && (await sha256OfFile(path)) === descriptor.file.sha256) return;
  throw new AppError(
    "model_invalid",
    `The network ${descriptor.id} is not the file that was added (sha256); run upres models remove ${descriptor.id} and add it again.`,
  );
}

export async function removeInstalled(folder: string, id: string): Promise<void> {
  await findInstalled(folder, id);
  await rm(join(folder, id), { recursive: true });
}

/** A place for a network that is being added. Owns: a folder; disposing removes it with all that was not committed. */
export class ModelStaging implements AsyncDisposable {
  readonly path: string;
  readonly modelPath: string;
  readonly #folder: string;

  private constructor(folder: string, path: string) {
    this.#folder = folder;
    this.path = path;
    this.modelPath = join(path, modelFile);
  }

  /** Throws: AppError `output_unwritable`; `bad_request` when the name is taken. */
  static async open(folder: string, id: string): Promise<ModelStaging> {
    if (bundledModels.some((bundled) => bundled.id === id)) {
      throw new AppError("bad_request", `${id} is the name of one of Upres's own networks; choose another with --name.`);
    }
    if (await exists(join(folder, id))) {
      throw new AppError("bad_request", `${id} has been added already; remove it first or choose another name with --name.`);
    }
    const path = join(folder, `.adding-${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true });
      await removeStale(folder);
      await mkdir(path);
    } catch (cause) {
      throw new AppError("output_unwritable", `Nothing can be written to ${folder}.`, { cause });
    }
    return new ModelStaging(folder, path);
  }

  /** Puts the network in its place, all of it at once. */
  async commit(facts: Omit<RgbModelDescriptor, "file">): Promise<InstalledModel> {
    const sizeBytes = (await stat(this.modelPath)).size;
    const file = { name: modelFile, sha256: await sha256OfFile(this.modelPath), sizeBytes };
    const descriptor = RgbModelDescriptor.parse({ ...facts, file });
    const ready = join(this.path, "ready");
    await mkdir(ready);
    await rename(this.modelPath, join(ready, modelFile));
    await writeFile(join(ready, descriptorFile), `${JSON.stringify(descriptor, undefined, 2)}\n`);
    const final = join(this.#folder, descriptor.id);
    await rename(ready, final);
    return { descriptor, path: join(final, modelFile) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** What a killed run left. */
async function removeStale(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((entry) => staging.test(entry))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > stagingIsStaleAfterMs) await rm(path, { recursive: true, force: true });
  }
}

async function readInstalled(folder: string, id: string): Promise<InstalledModel | undefined> {
  const path = join(folder, id, modelFile);
  try {
    const json: unknown = JSON.parse(await readFile(join(folder, id, descriptorFile), "utf8"));
    const descriptor = RgbModelDescriptor.parse(json);
    if (descriptor.id !== id) throw new SyntaxError(`it names ${descriptor.id}`);
    return { descriptor, path };
  } catch (cause) {
    if (isErrno(cause, "ENOENT") || isErrno(cause, "ENOTDIR")) return undefined;
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw new AppError("model_invalid", `The descriptor of ${id} in ${folder} cannot be read; remove that folder.`, { cause });
    }
    throw cause;
  }
}
