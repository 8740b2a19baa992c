import type { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import { defaultRequest, type UpscaleRequest } from "../../domain/upscale-request.ts";
import { parseId, type ResourceId } from "./ids.ts";
import {
  AccountBody,
  type MediaType,
  mediaTypes,
  ReplyUrlBody,
  type SubmitBody,
  submitBody,
  type TaskStatus,
  taskStatuses,
  uploadTypes,
} from "./wire.ts";

// Everything here throws AppError `bad_request` in the words of the wire.

/** What a body says, by field. */
export type Fields = Readonly<Record<string, unknown>>;

/** The size rule of the service: doubled until the long side is of the 4K class. */
export const upscaleRequest: UpscaleRequest = {
  ...defaultRequest,
  target: { kind: "doubled", atLeast: 3840, atMost: 4096 },
};

/** The fields of a JSON text; JSON that is no object has none. */
export function decodeJson(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (cause) {
    throw new AppError("bad_request", "Invalid JSON in request body", { cause });
  }
}

/** The fields of a form, where every value is a string. */
export function decodeForm(values: ReadonlyMap<string, string>): Fields {
  return Object.fromEntries([...values].map(([name, value]) => [name, coercions.get(name)?.(value) ?? value]));
}

const coercions: ReadonlyMap<string, (value: string) => unknown> = new Map<string, (value: string) => unknown>([
  ["exploreMode", (value) => (/^(?:true|false)$/i.test(value) ? value.toLowerCase() === "true" : value)],
  ["maxJobs", (value) => (/^\d{1,9}$/.test(value) ? Number(value) : value)],
]);

const submitBodies = { videoAssetId: submitBody("videoAssetId"), assetId: submitBody("assetId") };
export type SourceField = keyof typeof submitBodies;

export function decodeSubmit(fields: Fields, sourceField: SourceField): SubmitBody {
  const { exploreMode, replyUrl, replyRef, maxJobs } = fields;
  return parse(submitBodies[sourceField], withoutBlanks({ id: fields[sourceField], exploreMode, replyUrl, replyRef, maxJobs }));
}

export function decodeAccount(fields: Fields, email: string): AccountBody {
  const body = parse(AccountBody, withoutBlanks(fields));
  if (body.email !== email) throw new AppError("bad_request", "Parameter email must match the email in the path");
  return body;
}

/** The account-wide callback; undefined: none from now on. */
export function decodeReplyUrl(fields: Fields): string | undefined {
  const { replyUrl } = parse(ReplyUrlBody, fields);
  return replyUrl === "" ? undefined : replyUrl;
}

/** An id in a path or a query. */
export function decodeId(text: string, kind: ResourceId["kind"], name: string): ResourceId {
  const id = parseId(text);
  if (id?.kind !== kind) throw new AppError("bad_request", `Parameter ${name} has incorrect format`);
  return id;
}

export type Page = { readonly offset: number; readonly limit: number };

export function decodePage(query: URLSearchParams, mostAtOnce: number): Page {
  return { offset: inRange(query, "offset", [0, 1000]), limit: inRange(query, "limit", [1, mostAtOnce]) };
}

function inRange(query: URLSearchParams, name: string, [least, most]: readonly [number, number]): number {
  const value = query.get(name) ?? "";
  const number = /^\d{1,6}$/.test(value) ? Number(value) : -1;
  if (number >= least && number <= most) return number;
  throw new AppError("bad_request", `Parameter ${name} valid range ${least}...${most}`);
}

/** Undefined: all. */
export function decodeStatuses(query: URLSearchParams): readonly TaskStatus[] | undefined {
  const value = query.get("statuses") ?? "";
  return value === "" ? undefined : value.split(",").map((item) => oneOf(taskStatuses, item.trim(), "statuses"));
}

/** Undefined: all. */
export function decodeMediaType(query: URLSearchParams): MediaType | undefined {
  const value = query.get("mediaType") ?? "";
  return value === "" ? undefined : oneOf(mediaTypes, value, "mediaType");
}

function oneOf<Item extends string>(items: readonly Item[], value: string, name: string): Item {
  const found = items.find((item) => item === value);
  if (found !== undefined) return found;
  throw new AppError("bad_request", `Parameter ${name} supported values are ${items.join(", ")}`);
}

const longestName = 255;

/** The name of an upload: without control characters, which no player shows. */
export function decodeUploadName(query: URLSearchParams): string {
  const name = (query.get("name") ?? "")
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "")
    .trim();
  if (name === "") throw new AppError("bad_request", "Parameter name is required");
  if (name.length > longestName) throw new AppError("bad_request", "name is too long");
  return name;
}

export function checkUploadType(contentType: string): void {
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (uploadTypes.includes(type)) return;
  throw new AppError("bad_request", `Content-Type ${type.slice(0, 100)} is not supported`);
}

/** What callers leave open comes as null or as an empty form field too. */
function withoutBlanks(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ""));
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError("bad_request", parsed.error.issues[0]?.message ?? "The request is not valid");
}
