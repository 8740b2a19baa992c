import type { Readable } from "node:stream";
import { AppError } from "../../domain/errors.ts";
import type { DialectParts } from "../dialect-parts.ts";
import type { Fields } from "./decode.ts";
import type { ResourceId } from "./ids.ts";
import type { Reply } from "./reply.ts";
import type { User } from "./users.ts";

export type UseapiParts = DialectParts & {
  /** Longest video; undefined: any. */
  readonly maxSeconds: number | undefined;
};

/** Whose call it is. */
export type Caller = User & { readonly accountId: string };

/** One call of a caller who is known. */
export type Call = {
  readonly caller: Caller;
  /** The last part of the path, decoded; "" where there is none. */
  readonly item: string;
  readonly query: URLSearchParams;
  /** As declared; "" where it is not. */
  readonly contentType: string;
  /** Reads a body of JSON or of form fields.  Throws: AppError `bad_request`, `upload_too_large`. */
  readonly readFields: () => Promise<Fields>;
  readonly body: Readable;
  /** No slash at the end. */
  readonly publicBase: string;
  /** Aborts when the caller goes away before the reply has ended. */
  readonly disconnected: AbortSignal;
};

export type Handler = (call: Call, parts: UseapiParts) => Promise<Reply>;

/** Throws: AppError `unauthorized` for an id that names another user. */
export function requireOwn({ userId }: ResourceId, caller: Caller, parameter: string): void {
  if (userId === caller.userId) return;
  throw new AppError("unauthorized", `Unauthorized access to user:${userId} detected in ${parameter}`, {
    details: { isForeignId: true },
  });
}

export function notFound(): AppError {
  return new AppError("job_not_found", "Not found.");
}
