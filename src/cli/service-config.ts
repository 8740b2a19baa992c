import { z } from "zod";
import { type Config, readConfig, type SettingName } from "../config.ts";

/** The options that say what a setting says, by setting. */
const optionNames = {
  UPRES_HOST: "host",
  UPRES_PORT: "port",
  UPRES_DATA: "data",
  UPRES_ROLE: "role",
  UPRES_PUBLIC_URL: "publicUrl",
  UPRES_LOG_LEVEL: "logLevel",
} as const satisfies Partial<Record<SettingName, string>>;

const TypedFlags = z.looseObject({ forceOpen: z.boolean().optional() });

/** The settings, with the command line's options before the environment.
 *  Throws: AppError `bad_request` naming every wrong one. */
export function readServiceConfig(typed: unknown): Config {
  const options = TypedFlags.parse(typed);
  const flags: Record<string, { value: string; as: string }> = {};
  for (const [setting, name] of Object.entries(optionNames)) {
    const value = options[name];
    if (typeof value === "string") flags[setting] = { value, as: `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}` };
  }
  if (options.forceOpen === true) flags["UPRES_OPEN"] = { value: "always", as: "--force-open" };
  return readConfig({ flags });
}
