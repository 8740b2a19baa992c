import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import type { Caller } from "../accounts/account.ts";
import type { Accounts } from "../accounts/accounts.ts";
import { AppError } from "../domain/errors.ts";

/** The key that a request carries as `Authorization: Bearer <key>` or `Key <key>`. */
export function credentialOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  return /^(?:bearer|key)\s+(\S+)$/i.exec(authorization.trim())?.[1] ?? "";
}

/** The account that a request speaks for; looking is free, what makes work counts against the key's rate.
 *  Throws: AppError `unauthorized`, `rate_limited`. */
export async function accountOf(request: FastifyRequest, accounts: Pick<Accounts, "identify">): Promise<Caller> {
  const credential = credentialOf(request);
  const counts = request.method !== "GET" && request.method !== "HEAD";
  const account = await accounts.identify(credential, { counts });
  if (account !== undefined) return account;
  const what = credential === undefined ? "A key is needed" : "The key is not valid";
  throw new AppError("unauthorized", `${what}; \`upres keys create\` makes one.`);
}

/** Throws: AppError `unauthorized`, `forbidden` for a key that is not an admin's, `rate_limited`. */
export async function adminOf(request: FastifyRequest, accounts: Pick<Accounts, "identify">): Promise<Caller> {
  const caller = await accountOf(request, accounts);
  if (caller.isAdmin) return caller;
  throw new AppError("forbidden", "This takes an admin key; `upres keys create --admin` makes one.");
}

export type OpenGuard = {
  readonly isOpen: () => Promise<boolean>;
  /** Whether a name besides this machine's own is one that the server answers to. */
  readonly isOwnName: (hostname: string) => boolean;
};

/** Without keys nothing but the browser's rules keeps other web pages out: their requests are refused here, also when
 *  their name was made to lead to this machine.  Throws: AppError `unauthorized`. */
export async function refuseForeignPages(request: FastifyRequest, { isOpen, isOwnName }: OpenGuard): Promise<void> {
  const isOwn = (name: string): boolean => isLocalName(name) || isOwnName(name);
  const { origin } = request.headers;
  const originName = origin === undefined ? undefined : (URL.parse(origin)?.hostname ?? "");
  if (isOwn(request.hostname) && (originName === undefined || isOwn(originName))) return;
  if (!(await isOpen())) return;
  throw new AppError(
    "unauthorized",
    "Web pages of other sites may not use this server without a key; `upres keys create` makes one.",
  );
}

/** Names that no one else can give to another machine: localhost and bare addresses. */
export function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || isIP(name) !== 0;
}
