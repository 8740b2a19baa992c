import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { InstalledModel } from "../domain/model-descriptor.ts";
import { bundledModels } from "../models/registry.ts";
import { findInstalled } from "../models/installed.ts";

const TypedFolder = z.looseObject({
  model: z.string().min(1, "--model takes the name of a network").optional(),
  modelsFolder: z.string().min(1, "--models-folder takes a folder").optional(),
});

/** Where this user's networks lie, by the custom of the system, unless an option says where. */
export function modelsFolder(typed: unknown): string {
  return parse(typed).modelsFolder ?? join(userDataFolder(), "upres", "models");
}

/** The network that --model names; undefined without that option.
 *  Throws: AppError `not_available` naming what there is. */
export async function chosenModel(typed: unknown): Promise<InstalledModel | undefined> {
  const { model } = parse(typed);
  if (model === undefined) return undefined;
  try {
    return await findInstalled(modelsFolder(typed), model);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "not_available") throw error;
    const own = bundledModels.map(({ id, tier }) => `${id} (--tier ${tier})`).join(", ");
    throw new AppError("not_available", `${error.message} Upres's own: ${own}.`, { details: { ...error.details } });
  }
}

function parse(typed: unknown): z.infer<typeof TypedFolder> {
  const parsed = TypedFolder.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new AppError("bad_request", `${parsed.error.issues.map(({ message }) => message).join("; ")}.`);
}

function userDataFolder(): string {
  switch (process.platform) {
    case "darwin":
      return join(homedir(), "Library", "Application Support");
    case "win32":
      return join(homedir(), "AppData", "Local");
    default:
      return join(homedir(), ".local", "share");
  }
}
