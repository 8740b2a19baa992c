import { randomUUID } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyRequest } from "fastify";
import type { Accounts } from "../accounts/accounts.ts";
import type { Logger } from "../core/logger.ts";
import { AppError } from "../domain/errors.ts";
import { refuseForeignPages } from "./auth.ts";
import { createErrorHandler, notFound } from "./errors.ts";
import type { PollBudget } from "./poll-budget.ts";
import { cutQuery } from "./logger.ts";

export type ServerParts = {
  readonly host: string;
  readonly port: number;
  /** Addresses whose X-Forwarded-* headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly accounts: Accounts;
  readonly logger: Logger;
  /** Names besides this machine's that a server without keys answers to; undefined: all. */
  readonly isOwnName: ((hostname: string) => boolean) | undefined;
  /** Dialects that stand in for several hosts give requests to those their own paths. */
  readonly rewriteUrl: (headers: FastifyRequest["headers"], url: string) => string;
  /** Aborted first when closing, so that streams and long requests end. */
  readonly closing: AbortController;
  /** Keeps reads from slowing the work on this machine; undefined where nothing is worked on. */
  readonly pollBudget: PollBudget | undefined;
  readonly routes: readonly FastifyPluginAsync[];
};

export interface Server extends AsyncDisposable {
  /** Resolves with the address once requests are answered.  Throws: AppError `workspace_busy` when the port is taken. */
  listen(): Promise<string>;
  /** Ends streams, lets requests under way finish, and refuses new ones. */
  close(): Promise<void>;
}

/** JSON bodies are small: videos come by address or as uploads. Dialects that carry files in JSON set their own limit. */
const bodyLimitBytes = 1024 * 1024;
/** Signed links are long. */
const maxParamLength = 4096;
/** A request that is still under way so long after closing began is broken off. */
const closeWithinMs = 5_000;

/** The HTTP process: what every route has in common, and the routes it is given. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const app = fastify({
    logger: false,
    trustProxy: parts.trustedProxies.length === 0 ? false : [...parts.trustedProxies],
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength },
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
    rewriteUrl: (request) => parts.rewriteUrl(request.headers, request.url ?? "/"),
  });
  app.setErrorHandler(createErrorHandler(parts.logger));
  app.setNotFoundHandler((request) => {
    throw notFound(request);
  });
  logRequests(app, parts.logger);
  const { accounts, isOwnName } = parts;
  if (isOwnName !== undefined) {
    const guard = { isOpen: () => accounts.isOpen(), isOwnName };
    app.addHook("onRequest", async (request) => await refuseForeignPages(request, guard));
  }
  const { pollBudget } = parts;
  if (pollBudget !== undefined) app.addHook("onRequest", (request) => pollBudget.wait(request, parts.closing.signal));
  for (const plugin of parts.routes) await app.register(plugin);

  const close = async (): Promise<void> => {
    parts.closing.abort(new AppError("cancelled", "The server is closing."));
    const force = setTimeout(() => app.server.closeAllConnections(), closeWithinMs);
    try {
      await app.close();
    } finally {
      clearTimeout(force);
    }
  };

  return {
    listen: async () => {
      try {
        return await app.listen({ host: parts.host, port: parts.port });
      } catch (error) {
        throw explainListening(error, parts);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One line per answer, without query strings and headers. */
function logRequests(app: FastifyInstance, logger: Logger): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    logger.debug("request", {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? cutQuery(request.url),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    });
  });
}

function explainListening(error: unknown, { host, port }: ServerParts): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new AppError("workspace_busy", `Port ${port} is in use already; choose another with --port.`, { cause: error });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new AppError("bad_request", `${host} is no address of this machine; choose another with --host.`, { cause: error });
  }
  if (code === "EACCES") {
    return new AppError("bad_request", `Port ${port} may not be used by this user; choose one above 1023.`, { cause: error });
  }
  return error;
}
