import { randomUUID } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import { type FalContext, type FalRequest, header } from "./context.ts";
import { appId, requestIdHeader } from "./names.ts";
import { type FalReply, json } from "./reply.ts";

/** What a refusal says depends on what was asked for. */
export type AccessKind = "application" | "request" | "rest";

/** Whose request it is, or the refusal.
 *  Throws: AppError `rate_limited`. */
export async function accessOf(
  request: FalRequest,
  kind: AccessKind,
  { authenticate }: FalContext,
): Promise<{ readonly accountId: string } | FalReply> {
  const authorization = header(request, "authorization")?.trim();
  const credential = /^(?:key|bearer)\s+(.*)$/is.exec(authorization ?? "")?.[1]?.trim();
  const account = await tryAuthenticate(credential, { counts: kind !== "request" }, authenticate);
  return account ?? json(401, { detail: refusal(kind, authorization, credential) }, { [requestIdHeader]: randomUUID() });
}

async function tryAuthenticate(
  credential: string | undefined,
  options: { readonly counts: boolean },
  authenticate: FalContext["authenticate"],
): Promise<{ readonly accountId: string } | undefined> {
  try {
    return await authenticate(credential, options);
  } catch (error) {
    if (error instanceof AppError && error.code === "unauthorized") return undefined;
    throw error;
  }
}

function refusal(kind: AccessKind, authorization: string | undefined, credential: string | undefined): string {
  if (authorization === undefined || authorization === "") {
    return kind === "rest"
      ? "Authorization header is required"
      : `Cannot access application "${appId}". Authentication is required to access this application.`;
  }
  if (kind === "request") return "invalid key credentials";
  // Keys of this server are pairs.
  return credential?.includes(":") === true
    ? "No user found for Key ID and Secret"
    : "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'.";
}
