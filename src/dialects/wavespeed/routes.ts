import multipart from "@fastify/multipart";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { errorFacts } from "../../core/logger.ts";
import { AppError } from "../../domain/errors.ts";
import type { WavespeedParts, WavespeedRequest } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import { foreignRefusal, refusalOf, serverFault } from "./errors.ts";
import type { WavespeedReply } from "./reply.ts";

/** Of a form beside its file, which has limits of its own. */
const formLimits = { fieldNameSize: 200, fieldSize: 64 * 1024, fields: 20, parts: 40, headerPairs: 50, fileSize: Infinity };

/** Everything below `/api/v3/`, and the upload of the oldest client below `/api/v2/`. */
export function wavespeedRoutes(parts: WavespeedParts): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    // Bodies are read by the handlers: after authentication, and uploads as streams.
    app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
    await app.register(multipart, { limits: formLimits });
    app.setErrorHandler(async (error, request, reply) => await send(reply, refuse(error, request, parts)));
    for (const url of ["/api/v3", "/api/v3/*", "/api/v2/media/upload/binary"]) {
      app.route({
        method: ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
        url,
        handler: async (request, reply) => {
          const disconnected = disconnection(reply);
          try {
            return await send(reply, await dispatch(toRequest(request, disconnected, parts), parts));
          } catch (error) {
            // Nobody is there to be told.
            if (disconnected.aborted) return reply;
            throw error;
          }
        },
      });
    }
  };
}

function toRequest(request: FastifyRequest, disconnected: AbortSignal, parts: WavespeedParts): WavespeedRequest {
  const [path = "", query] = request.url.split(/\?(.*)/s);
  return {
    method: request.method,
    path: withoutSlashesAtEnd(path.replace(/^\/api\//, "")),
    query: new URLSearchParams(query),
    headers: request.headers,
    body: request.raw,
    parts: request.isMultipart() ? () => request.parts() : undefined,
    publicBase: parts.publicBaseOf(request),
    disconnected,
  };
}

/** A regular expression would look at each run of slashes again and again. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

function refuse(error: unknown, request: FastifyRequest, { logger }: WavespeedParts): WavespeedReply {
  const reply = error instanceof AppError ? refusalOf(error) : (foreignRefusal(error) ?? serverFault);
  if (reply.body.code >= 500 && !(error instanceof AppError && error.retryable)) {
    logger.error("request failed", { dialect: "wavespeed", method: request.method, ...errorFacts(error) });
  }
  return reply;
}

function disconnection(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

async function send(reply: FastifyReply, { headers, body }: WavespeedReply): Promise<FastifyReply> {
  return await reply.code(body.code).headers(headers).type("application/json").send(JSON.stringify(body));
}
