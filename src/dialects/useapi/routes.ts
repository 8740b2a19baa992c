import multipart from "@fastify/multipart";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { errorFacts } from "../../core/logger.ts";
import { AppError } from "../../domain/errors.ts";
import { formLimits, readForm, readBody } from "./body.ts";
import {
  deleteAccount,
  listAccounts,
  readAccount,
  readDefaults,
  readFeatures,
  saveAccount,
  saveDefaults,
} from "./configuration.ts";
import type { Call, Caller, Handler, UseapiParts } from "./context.ts";
import { decodeForm, decodeJson } from "./decode.ts";
import { refusal, replyToError } from "./errors.ts";
import { deleteAsset, listAssets, readAsset } from "./library.ts";
import type { Reply } from "./reply.ts";
import { submitTask } from "./submit.ts";
import { cancelTask, deleteTask, listScheduled, listTasks, readTask } from "./tasks.ts";
import { uploadAsset } from "./uploads.ts";
import { userOf } from "./users.ts";

const base = "/v1/runwayml";
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

type Method = (typeof methods)[number];
type Handlers = Partial<Readonly<Record<Method, Handler>>>;

const routes: Readonly<Record<string, Handlers>> = {
  [`${base}/videos/upscale`]: { POST: submitTask("videoAssetId") },
  [`${base}/gen4/upscale`]: { POST: submitTask("assetId") },
  [`${base}/gen3alpha/upscale`]: { POST: submitTask("assetId") },
  [`${base}/tasks`]: { GET: listTasks },
  [`${base}/tasks/:item`]: { GET: readTask, DELETE: deleteTask },
  [`${base}/scheduler`]: { GET: listScheduled },
  [`${base}/scheduler/:item`]: { DELETE: cancelTask },
  [`${base}/assets`]: { GET: listAssets, POST: uploadAsset },
  [`${base}/assets/:item`]: { GET: readAsset, DELETE: deleteAsset },
  [`${base}/features`]: { GET: readFeatures },
  [`${base}/accounts`]: { GET: listAccounts },
  [`${base}/accounts/:item`]: { GET: readAccount, POST: saveAccount, DELETE: deleteAccount },
  "/v2/account": { GET: readDefaults, POST: saveDefaults },
};

/** Everything below `/v1/runwayml/`, and `/v2/account`. */
export function useapiRoutes(parts: UseapiParts): FastifyPluginAsync {
  const answer = async (request: FastifyRequest, reply: FastifyReply, handlers: Handlers): Promise<FastifyReply> => {
    // Listened to before anything is waited for.
    const disconnected = disconnection(reply);
    const handler = handlers[request.method === "HEAD" ? "GET" : (request.method as Method)]; // routed by these alone
    const caller = await identify(request, parts);
    if (handler === undefined) {
      reply.header("allow", Object.keys(handlers).join(", "));
      return await send(reply, refusal(405, "Method not allowed"));
    }
    return await send(reply, await handler(callOf(request, { caller, parts, disconnected }), parts));
  };

  return async (app) => {
    app.removeAllContentTypeParsers();
    await app.register(multipart, { limits: formLimits, throwFileSizeLimit: false });
    // Bodies are read by the handlers: after authentication, and uploads as streams.
    app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
    app.setErrorHandler(async (error, request, reply) => {
      const answered = replyToError(error);
      if (answered.status >= 500) {
        parts.logger.error("request failed", { dialect: "useapi", method: request.method, ...errorFacts(error) });
      }
      return await send(reply, answered);
    });
    for (const [path, handlers] of Object.entries(routes)) {
      for (const url of [path, `${path}/`]) {
        app.route({
          method: [...methods],
          url,
          exposeHeadRoute: false,
          handler: (request, reply) => answer(request, reply, handlers),
        });
      }
    }
    for (const url of [base, `${base}/*`]) {
      app.route({
        method: [...methods],
        url,
        exposeHeadRoute: false,
        handler: (_request, reply) => send(reply, refusal(404, "Not found.")),
      });
    }
  };
}

/** Throws: AppError `unauthorized`, `rate_limited`. */
async function identify(request: FastifyRequest, { authenticate, database, clock }: UseapiParts): Promise<Caller> {
  const { authorization } = request.headers;
  // A token is everything behind the first word: the service's own hold a colon.
  const credential = authorization === undefined ? undefined : (/^bearer\s+(\S+)$/i.exec(authorization.trim())?.[1] ?? "");
  const account = await authenticate(credential, { counts: request.method !== "GET" && request.method !== "HEAD" });
  if (account === undefined) throw new AppError("unauthorized", "The token is not valid.");
  return { ...account, ...(await userOf(database, account.accountId, clock.now())) };
}

type Known = { readonly caller: Caller; readonly parts: UseapiParts; readonly disconnected: AbortSignal };

function callOf(request: FastifyRequest, { caller, parts, disconnected }: Known): Call {
  const { item = "" } = request.params as { item?: string }; // the one parameter of these routes
  const mark = request.url.indexOf("?");
  return {
    caller,
    item,
    query: new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1)),
    contentType: request.headers["content-type"] ?? "",
    readFields: async () =>
      request.isMultipart() ? decodeForm(await readForm(request.parts())) : decodeJson(await readBody(request.raw)),
    body: request.raw,
    publicBase: parts.publicBaseOf(request),
    disconnected,
  };
}

function disconnection(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (reply.raw.closed) gone.abort();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

async function send(reply: FastifyReply, { status, body, headers = {} }: Reply): Promise<FastifyReply> {
  reply.code(status).headers(headers);
  if (body === undefined) return await reply.send();
  return await reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}
