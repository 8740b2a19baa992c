import fastifyMultipart from "@fastify/multipart";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { errorFacts } from "../../core/logger.ts";
import { accountOf, versionProblem } from "./access.ts";
import { createContext, type Mount, type RunwayCall, type RunwayContext, type RunwayParts } from "./context.ts";
import { createTask } from "./create.ts";
import { DailyLimit } from "./daily-limit.ts";
import { methodNotAllowed, notFound, replyToError, unauthorized } from "./errors.ts";
import { readOrganization, readUsage } from "./organization.ts";
import type { RunwayReply } from "./reply.ts";
import { Submits } from "./submits.ts";
import { deleteTask, readTask } from "./tasks.ts";
import { fillUpload, formLimits, openUpload, refusedUpload, slotPath } from "./uploads.ts";

type Handler = (call: RunwayCall, context: RunwayContext) => Promise<RunwayReply>;
type Resource = { readonly path: string; readonly methods: Readonly<Record<string, Handler>> };

const mounts = [
  { mount: "native", prefix: "/v1" },
  { mount: "gateway", prefix: "/runwayml/v1" },
] as const;
const everyMethod: HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
const taskPath = "/tasks/:taskId";

/** The vendor's API below `/v1`, as far as it is this model's, and the gateway's below `/runwayml/v1`. */
export function runwayRoutes(parts: RunwayParts): FastifyPluginAsync {
  const context = createContext(parts);
  const answer = createAnswer(context);
  const resources = resourcesOf(context);
  const unknown: Resource = { path: "/*", methods: {} };

  return async (app) => {
    app.removeAllContentTypeParsers();
    await app.register(fastifyMultipart, { limits: { ...formLimits, fileSize: Infinity } });
    // Bodies are read by the handlers, after authentication.
    app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
    app.setErrorHandler(async (error, _request, reply) => await send(reply, replyToError(error)));
    const route = (url: string, handler: (request: FastifyRequest) => Promise<RunwayReply>): void =>
      void app.route({
        method: everyMethod,
        url,
        exposeHeadRoute: false,
        config: { rateLimit: false },
        handler: async (request, reply) => await send(reply, await guarded(request, () => handler(request), context)),
      });
    for (const { mount, prefix } of mounts) {
      for (const resource of resources) route(`${prefix}${resource.path}`, (request) => answer(request, mount, resource));
    }
    route("/runwayml/v1", (request) => answer(request, "gateway", unknown));
    route("/runwayml/v1/*", (request) => answer(request, "gateway", unknown));
    route(`${slotPath}/:id`, (request) => takeUpload(request, context));
    route(`${slotPath}/*`, async () => notFound);
  };
}

function resourcesOf(context: RunwayContext): readonly Resource[] {
  const parts = { context, submits: new Submits(context), dailyLimit: new DailyLimit(context) };
  return [
    { path: "/video_upscale", methods: { POST: (call) => createTask(call, parts) } },
    { path: taskPath, methods: { GET: readTask, DELETE: deleteTask } },
    { path: "/uploads", methods: { POST: openUpload } },
    { path: "/organization", methods: { GET: readOrganization } },
    { path: "/organization/usage", methods: { POST: readUsage } },
  ];
}

/** Who calls and which version are asked before the path and the method. */
function createAnswer(context: RunwayContext) {
  return async (request: FastifyRequest, mount: Mount, { path, methods }: Resource): Promise<RunwayReply> => {
    const { taskId = "" } = request.params as { readonly taskId?: string }; // of the task path only
    const runwayRequest = {
      mount,
      method: request.method,
      headers: request.headers,
      body: request.raw,
      publicBase: context.publicBaseOf(request),
      taskId,
    };
    const makesWork = request.method === "POST" && (path === "/video_upscale" || path === "/uploads");
    const accountId = await accountOf(runwayRequest, { counts: makesWork }, context);
    if (accountId === undefined) return unauthorized;
    const problem = versionProblem(runwayRequest, context, path === taskPath && request.method === "GET");
    if (problem !== undefined) return problem;
    const allowed = Object.keys(methods);
    const handler = methods[request.method];
    if (handler !== undefined) return await handler({ ...runwayRequest, accountId }, context);
    return allowed.length === 0 ? notFound : methodNotAllowed(allowed);
  };
}

async function takeUpload(request: FastifyRequest, context: RunwayContext): Promise<RunwayReply> {
  if (request.method !== "POST") return methodNotAllowed(["POST"]);
  if (!request.isMultipart()) return refusedUpload(400, "The upload must be a form of the type multipart/form-data.");
  const { id } = request.params as { readonly id: string }; // of the route's own path
  return await fillUpload(id, request.parts(), context);
}

async function guarded(
  request: FastifyRequest,
  answer: () => Promise<RunwayReply>,
  { logger }: RunwayContext,
): Promise<RunwayReply> {
  try {
    return await answer();
  } catch (error) {
    const reply = replyToError(error);
    if (reply.status >= 500) logger.error("request failed", { dialect: "runway", method: request.method, ...errorFacts(error) });
    return reply;
  }
}

async function send(reply: FastifyReply, { status, headers = {}, json }: RunwayReply): Promise<FastifyReply> {
  reply.code(status).headers(headers);
  return json === undefined ? await reply.send() : await reply.type("application/json").send(JSON.stringify(json));
}
