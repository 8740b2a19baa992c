import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import { boxes, type Container, containers, defaultRequest, presets, tiers, UpscaleRequest } from "../domain/upscale-request.ts";
import type { ProviderChoice } from "../engine/network.ts";
import { readAssumptions } from "./assume.ts";

export const providerChoices = ["auto", "cpu", "webgpu", "cuda", "coreml", "dml"] as const satisfies readonly ProviderChoice[];
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
  fps: z
    .string()
    .transform((text, context) => {
      const rate = parseRate(text);
      if (rate !== undefined) return rate;
      context.addIssue({
        code: "custom",
        message: `--fps takes keep, or a rate from 1 to 240 such as 60 or 24000/1001, not ${text}`,
      });
      return z.NEVER;
    })
    .optional(),
  preset: oneOf("--preset", presets).optional(),
  tier: oneOf("--tier", tiers).optional(),
  fidelity: oneOf("--fidelity", fidelities).optional(),
  format: oneOf("--format", containers).optional(),
  quality: numberWithin("--quality", { min: 20, max: 99, ...whole }).optional(),
  assume: z
    .array(z.string())
    .transform((texts, context) => readAssumptions(texts, (message) => context.addIssue({ code: "custom", message })))
    .optional(),
  provider: oneOf("--provider", providerChoices).default("auto"),
  threads: numberWithin("--threads", { min: 1, max: 512, ...whole }).optional(),
  report: z.string().min(1, "--report takes the name of a file").optional(),
  removed: z
    .string()
    .regex(/\.mp4$/i, "--removed takes the name of an .mp4 file")
    .optional(),
  overwrite: z.boolean().default(false),
  resume: z.boolean().default(true),
});

export type UpscaleOptions = {
  readonly request: UpscaleRequest;
  readonly output: string | undefined;
  readonly report: string | undefined;
  /** Where a video of the dirt that was taken out goes. */
  readonly removed: string | undefined;
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
    fps: options.fps ?? defaults.fps,
    preset: options.preset ?? defaults.preset,
    tier: options.tier ?? defaults.tier,
    fidelity: options.fidelity ?? defaults.fidelity,
    container: chooseContainer(options.format, options.output) ?? defaults.container,
    quality: options.quality ?? defaults.quality,
    ...(options.assume !== undefined && { assume: options.assume }),
  });
  return {
    request,
    output: options.output,
    report: options.report,
    removed: options.removed,
    provider: options.provider,
    threads: options.threads ?? availableParallelism(),
    overwrite: options.overwrite,
    resume: options.resume,
  };
}

/** Whole numbers, fractions, and the decimals that stand for the NTSC family's fractions. */
function parseRate(text: string): UpscaleRequest["fps"] | undefined {
  if (text === "keep") return "keep";
  const [, units, fraction, decimals] = /^(\d{1,7})(?:\/(\d{1,7})|(\.\d{1,3}))?$/.exec(text) ?? [];
  if (units === undefined) return undefined;
  const ntsc = Math.ceil(Number(text));
  const rate: unknown =
    decimals === undefined
      ? inLowestTerms(Number(units), Number(fraction ?? 1))
      : ["23.976", "29.97", "47.952", "59.94", "119.88"].includes(text)
        ? { num: ntsc * 1000, den: 1001 }
        : inLowestTerms(Math.round(Number(text) * 1000), 1000);
  const parsed = UpscaleRequest.shape.fps.safeParse(rate);
  return parsed.success ? parsed.data : undefined;
}

function inLowestTerms(num: number, den: number): number | { readonly num: number; readonly den: number } {
  let [a, b] = [num, den];
  while (b !== 0) [a, b] = [b, a % b];
  return den === a ? num / a : { num: num / a, den: den / a };
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
