import RunwayML4 from "@runwayml/sdk";
import RunwayML3 from "runwayml-sdk-3";
import type { Mount } from "../../src/dialects/runway/context.ts";

/** The published clients, unmodified; the newer one has lost the name of the model from its types alone. */
export const clientVersions = ["4.20.1", "3.11.0"] as const;
export type ClientVersion = (typeof clientVersions)[number];
export const mounts: readonly Mount[] = ["native", "gateway"];

export type Client = RunwayML3;

export type ClientSettings = {
  readonly version?: ClientVersion;
  readonly mount?: Mount;
  readonly options?: NonNullable<ConstructorParameters<typeof RunwayML3>[0]>;
};

/** A client set up as its users do, by a key and an address. */
export function createClient(base: string, apiKey: string, settings: ClientSettings = {}): Client {
  const { version = "4.20.1", mount = "native", options = {} } = settings;
  const all = { apiKey, baseURL: mount === "native" ? base : `${base}/runwayml`, ...options };
  if (version === "3.11.0") return new RunwayML3(all);
  // The same calls, with other lists of models in their types.
  return new RunwayML4(all as ConstructorParameters<typeof RunwayML4>[0]) as unknown as RunwayML3;
}

export type Seen = {
  readonly name: string;
  readonly status: number | undefined;
  readonly message: string;
  readonly error: unknown;
};

/** How a call failed, as the caller sees it. */
export async function failureOf(call: Promise<unknown>): Promise<Seen> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { status, error: body } = error as Error & { readonly status?: number; readonly error?: unknown };
    return { name: error.constructor.name, status, message: error.message, error: body };
  }
  throw new Error("the call did not fail");
}
