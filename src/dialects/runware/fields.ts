import type { z } from "zod";
import { presets, tiers } from "../../domain/upscale-request.ts";
import type { Problem } from "./answer.ts";
import { modelId } from "./names.ts";
import { outputFormats, targetResolutions } from "./wire.ts";

/** How a field is named in the code of its problem, and what it has to be. */
type FieldRule = Pick<Problem, "type" | "min" | "max" | "allowedValues"> & {
  readonly name: string;
  readonly type: string;
  /** Continues "It must be". */
  readonly expects: string;
};

const url = { type: "string", expects: "an absolute http or https address" };

function oneOf(name: string, values: readonly (string | number)[], type = "string"): FieldRule {
  return { name, type, expects: values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`, allowedValues: values };
}

/** Every field that can be wrong, in the order in which they are looked at. */
const rules: Readonly<Record<string, FieldRule>> = {
  model: oneOf("Model", [modelId]),
  inputs: { name: "Inputs", type: "object", expects: "an object with a 'video'" },
  "inputs.video": {
    name: "InputsVideo",
    type: "string",
    expects: "an http or https address, the UUID of stored media, or a video in base64",
  },
  outputType: oneOf("OutputType", ["URL"]),
  outputFormat: oneOf("OutputFormat", outputFormats),
  outputQuality: { name: "OutputQuality", type: "integer", expects: "an integer between 20 and 99", min: 20, max: 99 },
  webhookURL: { name: "WebhookURL", ...url },
  deliveryMethod: oneOf("DeliveryMethod", ["async", "sync"]),
  uploadEndpoint: { name: "UploadEndpoint", ...url },
  ttl: { name: "Ttl", type: "integer", expects: "an integer of at least 60 seconds", min: 60 },
  includeCost: { name: "IncludeCost", type: "boolean", expects: "true or false" },
  upres: { name: "Upres", type: "object", expects: "an object" },
  "upres.targetResolution": oneOf("UpresTargetResolution", targetResolutions),
  "upres.scale": {
    name: "UpresScale",
    type: "number",
    expects: "a number between 1.1 and 10, without 'upres.targetResolution' beside it",
    min: 1.1,
    max: 10,
  },
  "upres.tier": oneOf("UpresTier", tiers),
  "upres.preset": oneOf("UpresPreset", presets),
  "upres.fidelity": oneOf("UpresFidelity", ["high", "medium"]),
  "upres.fps": oneOf("UpresFps", [30, 60], "integer"),
  operation: oneOf("Operation", ["upload", "delete"]),
  media: { name: "Media", type: "string", expects: "an http or https address, a file in base64, or the UUID of stored media" },
  image: { name: "Image", type: "string", expects: "an http or https address, or a file in base64" },
};
const order = Object.keys(rules);

/** The words for a field that is missing or not what it has to be. */
export function fieldProblem(parameter: string, kind: "missing" | "invalid"): Problem {
  const { name, expects, ...facts } = ruleOf(parameter);
  const what = kind === "missing" ? `Missing required parameter '${parameter}'` : `Invalid value for '${parameter}' parameter`;
  return { status: 400, code: `${kind}${name}`, message: `${what}. It must be ${expects}.`, parameter, ...facts };
}

function ruleOf(parameter: string): FieldRule {
  const rule = rules[parameter];
  if (rule === undefined) throw new TypeError(`no words for the field ${parameter}`);
  return rule;
}

/** What a schema finds wrong first. A field that is not there at all, or an empty text, is missing. */
export function firstProblem(error: z.ZodError, task: Readonly<Record<string, unknown>>): Problem {
  const paths = error.issues.map(({ path }) => path.join("."));
  const parameter = paths.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))[0] ?? "";
  const value = valueAt(task, parameter.split("."));
  return fieldProblem(parameter, value === undefined || value === "" ? missingKind(parameter) : "invalid");
}

const required: ReadonlySet<string> = new Set(["model", "inputs", "inputs.video", "media", "image"]);

/** Only what has to be there can be missing. */
function missingKind(parameter: string): "missing" | "invalid" {
  return required.has(parameter) ? "missing" : "invalid";
}

function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  return isRecord(value) && Object.hasOwn(value, key) ? valueAt(value[key], rest) : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function unsupportedParameter(parameter: string): Problem {
  const shown = parameter.length > 100 ? `${parameter.slice(0, 100)}…` : parameter;
  return {
    status: 400,
    code: "unsupportedParameter",
    message: `Unsupported use of '${shown}' parameter. The model '${modelId}' does not have it.`,
    parameter: shown,
  };
}
