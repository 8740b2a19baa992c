import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import { boxes, type Container, containers, defaultRequest, presets, tiers, UpscaleRequest } from "../domain/upscale-request.ts";
import type { ProviderChoice } from "../engine/network.ts";

export const providerChoices = ["auto", "cpu", "webgpu", "cuda", "coreml", "dml"] as const satisfies readonly ProviderChoice[];
const rates = ["keep", "30", "60"] as const;
const fidelities = ["high", "medium"] as const;

const oneOf = <const T extends readonly [string, ...string[]]>(option: string, values: T) =>
  z.enum(values, { error: ({ input }) => `${option} takes ${listOf(values)}, not ${String(input)}` });

const numberWithin = (option: string, range: { min: number; max: number; pattern: RegExp; what: string }) => {
  const error = ({ input }: { input?: unknown }): string =>
    `${option} takes ${range.what} from ${range.min} to ${range.max}, not ${String(input)}`;
  return z
    .string()
    .refine((text) => range.pattern.test(text) && Number(text) >= range.min && Number(text) <= range.max, { error })
    .transform(Number);
};

const whole = { pattern: /^\d+$/, what: "a whole number" };

/** The options as typed, all of them words; unknown ones never get here. */
const TypedOptions = z.object({
  output: z.string().min(1, "-o takes the name of a file or folder").optional(),
  to: oneOf("--to", boxes).optional(),
  scale: numberWithin("--scale", { min: 1.1, max: 10, pattern: /^\d+(\.\d+)?$/, what: "a number" }).optional(),
  fps: oneOf("--fps", rates).optional(),
  preset: oneOf("--preset", presets).optional(),
  tier: oneOf("--tier", tiers).optional(),
  fidelity: oneOf("--fidelity", fidelities).optional(),
  format: oneOf("--format", containers).optional(),
  quality: numberWithin("--quality", { min: 20, max: 99, ...whole }).optional(),
  provider: oneOf("--provider", providerChoices).default("auto"),
  threads: numberWithin("--threads", { min: 1, max: 512, ...whole }).optional(),
  report: z.string().min(1, "--report takes the name of a file").optional(),
  overwrite: z.boolean().default(false),
  resume: z.boolean().default(true),
});

export type UpscaleOptions = {
  readonly request: UpscaleRequest;
  readonly output: string | undefined;
  readonly report: string | undefined;
  readonly provider: ProviderChoice;
  readonly threads: number;
  readonly overwrite: boolean;
  readonly resume: boolean;
};

/** Turns typed options into what the engine takes, with `defaults` for what was not said.
 *  Throws: AppError `bad_request` naming every wrong option. */
export function parseOptions(typed: unknown, defaults: UpscaleRequest = defaultRequest): UpscaleOptions {
  const parsed = TypedOptions.safeParse(typed);
  if (!parsed.success) throw badRequest(parsed.error.issues.map((issue) => issue.message).join("; "));
  const options = parsed.data;
  if (options.to !== undefined && options.scale !== undefined) {
    throw badRequest("--to and --scale both say how large the output is; give one of them");
  }
  const target: UpscaleRequest["target"] =
    options.scale !== undefined
      ? { kind: "scale", factor: options.scale }
      : options.to !== undefined
        ? { kind: "box", box: options.to }
        : defaults.target;
  const request = UpscaleRequest.parse({
    target,
    fps: options.fps === undefined ? defaults.fps : options.fps === "keep" ? "keep" : Number(options.fps),
    preset: options.preset ?? defaults.preset,
    tier: options.tier ?? defaults.tier,
    fidelity: options.fidelity ?? defaults.fidelity,
    container: chooseContainer(options.format, options.output) ?? defaults.container,
    quality: options.quality ?? defaults.quality,
  });
  return {
    request,
    output: options.output,
    report: options.report,
    provider: options.provider,
    threads: options.threads ?? availableParallelism(),
    overwrite: options.overwrite,
    resume: options.resume,
  };
}

/** The container that a file name asks for by its ending. */
export function containerOf(path: string): Container | undefined {
  const ending = extname(path).slice(1).toLowerCase();
  return containers.find((container) => container === ending);
}

function chooseContainer(format: Container | undefined, output: string | undefined): Container | undefined {
  const named = output === undefined ? undefined : containerOf(output);
  if (format !== undefined && named !== undefined && format !== named) {
    throw badRequest(`--format ${format} and the output name ${output} do not agree; change one of them`);
  }
  return format ?? named;
}

export function badRequest(phrase: string): AppError {
  return new AppError("bad_request", `${phrase}.`);
}

function listOf(values: readonly string[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
