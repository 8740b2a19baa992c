import fastifyWebsocket from "@fastify/websocket";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import { errorFacts } from "../../core/logger.ts";
import { AppError } from "../../domain/errors.ts";
import { envelope, type Problem, refusal } from "./answer.ts";
import { type Body, readBody } from "./body.ts";
import { Connection } from "./connection.ts";
import { contextOf, type RunwareParts } from "./context.ts";
import { internalError, problemOf } from "./errors.ts";
import { answerHttp, credentialOf, type HttpReply, keyMissing, keyRefused } from "./http.ts";
import { Sessions } from "./sessions.ts";

const path = "/v1";
/** A user may give a bare host, or end it with a slash. */
const aliases = [path, `${path}/`, "/"];
const ownPaths: ReadonlySet<string> = new Set(aliases);

/** `POST` and WebSockets on `/v1`, `/v1/` and `/`. `GET /` is left to others. */
export function runwareRoutes(parts: RunwareParts): FastifyPluginAsync {
  const context = contextOf(parts);
  const { limits } = context;
  const sessions = new Sessions(context.clock, limits.replayMs);
  const connections = new Set<Connection>();

  const connect = (socket: fastifyWebsocket.WebSocket, request: FastifyRequest): void => {
    if (context.closing.aborted) return socket.terminate();
    const query = new URL(request.url, "http://upres").searchParams;
    const connection = new Connection(socket, {
      context,
      transport: request.socket,
      sessions,
      publicBase: context.publicBaseOf(request),
      isDryRun: query.get("dryRun") === "1",
      // That client polls every two seconds, and would hand out an item twice that comes by both ways.
      wantsPushes: query.get("sdk") !== "js",
    });
    connections.add(connection);
    connection.closed.addEventListener("abort", () => void connections.delete(connection), { once: true });
  };
  context.closing.addEventListener("abort", () => connections.forEach((connection) => connection.close(1001)), { once: true });

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const authorization = request.headers.authorization;
    const body = (request.body ?? noBody) as Body; // of the parser below
    if (body.kind !== "text") return await send(reply.header("connection", "close"), bodyRefused(body));
    const called = await answerHttp(
      {
        text: body.text,
        credential: credentialOf(authorization),
        hasHeader: credentialOf(authorization) !== undefined,
        publicBase: context.publicBaseOf(request),
        isDryRun: request.headers["x-runware-dry-run"] === "1",
        disconnected: disconnection(reply),
      },
      context,
    );
    return await send(reply, called);
  };

  /** Looked at before the body, which is large. */
  const checkHeader = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const credential = credentialOf(request.headers.authorization);
    if (credential === undefined) return undefined;
    const account = await context.authenticate(credential, { counts: false });
    return account === undefined ? await send(reply.header("connection", "close"), keyRefused()) : undefined;
  };

  return async (app) => {
    takeUpgrades(app.server);
    await app.register(fastifyWebsocket, {
      options: { maxPayload: limits.maxBodyBytes },
      errorHandler: (error, socket) => {
        context.logger.debug("connection failed", { dialect: "runware", ...errorFacts(error) });
        socket.terminate();
      },
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) => {
      const isKnown = async (key: string | undefined): Promise<boolean> => {
        const credential = credentialOf(request.headers.authorization) ?? key;
        return (await context.authenticate(credential, { counts: false })) !== undefined;
      };
      return await readBody(payload, { maxBytes: limits.maxBodyBytes, isKnown });
    });
    app.setErrorHandler(async (error, _request, reply) => {
      const problem = refusedRequest(error);
      if (problem.status >= 500) context.logger.error("request failed", { dialect: "runware", ...errorFacts(error) });
      return await send(reply, replyOf(problem));
    });
    for (const url of aliases) {
      app.route({ method: "POST", url, onRequest: checkHeader, handler: answer });
      app.route({ method: "OPTIONS", url, handler: preflight });
    }
    for (const url of [path, `${path}/`]) {
      app.route({ method: ["HEAD", "PUT", "PATCH", "DELETE"], url, handler: refuseMethod });
    }
    app.route({ method: "GET", url: path, exposeHeadRoute: false, handler: refuseMethod, wsHandler: connect });
    app.route({ method: "GET", url: `${path}/`, exposeHeadRoute: false, handler: refuseMethod });
  };
}

type UpgradingServer = { readonly prependListener: (event: "upgrade", listener: (request: IncomingMessage) => void) => unknown };

/** Lets only WebSockets of this dialect be upgraded, whichever path they come on: other offers to upgrade are ordinary
 *  requests, whose bodies would be lost.  Source: https://nodejs.org/api/http.html, `shouldUpgradeCallback`. */
function takeUpgrades(server: UpgradingServer): void {
  Object.assign(server, {
    shouldUpgradeCallback: ({ method, url, headers }: IncomingMessage) =>
      method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && ownPaths.has(pathOf(url)),
  });
  server.prependListener("upgrade", (request) => {
    const { url = "" } = request;
    if (ownPaths.has(pathOf(url))) request.url = `${path}${url.slice(pathOf(url).length)}`;
  });
}

function pathOf(url = ""): string {
  return url.split("?", 1)[0] ?? "";
}

const corsHeaders = { "access-control-allow-origin": "*" };

async function send(reply: FastifyReply, { status, body }: HttpReply): Promise<FastifyReply> {
  return await reply.code(status).headers(corsHeaders).type("application/json").send(JSON.stringify(body));
}

async function preflight(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const headers = {
    ...corsHeaders,
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, x-runware-dry-run, x-sdk-name, x-sdk-version",
    "access-control-max-age": "86400",
  };
  return await reply.code(204).headers(headers).send();
}

async function refuseMethod(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const message = "Tasks come by POST, or over a WebSocket.";
  return await send(reply.header("allow", "POST, OPTIONS"), replyOf({ status: 405, code: "methodNotAllowed", message }));
}

function replyOf(problem: Problem): HttpReply {
  return { status: problem.status, body: envelope([refusal(problem)]) };
}

const noBody: Body = { kind: "text", text: "" };

function bodyRefused(body: Exclude<Body, { kind: "text" }>): HttpReply {
  switch (body.kind) {
    case "too_large":
      return replyOf({ status: 413, code: "invalidPayload", message: "The body of the request is too large." });
    case "broken":
      return replyOf({ status: 400, code: "invalidPayload", message: "The request cannot be read." });
    case "unknown":
      return body.key === undefined ? keyMissing([{}]) : keyRefused();
  }
}

/** What went wrong before any task was read: Fastify's own refusals in the dialect's words. */
function refusedRequest(error: unknown): Problem {
  if (error instanceof AppError) return problemOf(error);
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
  if (!(status >= 400 && status < 500)) return internalError;
  return { status, code: "invalidPayload", message: "The request cannot be read." };
}

function disconnection(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
