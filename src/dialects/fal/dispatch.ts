import { randomUUID } from "node:crypto";
import { accessOf } from "./access.ts";
import { cdn } from "./cdn.ts";
import type { FalContext, FalRequest } from "./context.ts";
import { baseOf } from "./hosts.ts";
import { appId, billableUnitsHeader, endpointId, requestIdHeader } from "./names.ts";
import { openApiDocument, priceList } from "./openapi.ts";
import { cancel, readResult, readStatus, type RequestCall, streamStatus, submitToQueue } from "./queue.ts";
import { type FalReply, json } from "./reply.ts";
import { SynchronousRuns } from "./run.ts";
import { cdnToken, initiateUpload } from "./uploads.ts";
import { keySet } from "./webhook.ts";

export type Dispatch = (request: FalRequest) => Promise<FalReply>;

/** Leads a request to what answers it. Authentication comes before the method, the path's rest and the body. */
export function createDispatcher(context: FalContext): Dispatch {
  const runs = new SynchronousRuns(context);

  const queue: Dispatch = async (request) => {
    const call = requestCall(request.segments);
    const access = await accessOf(request, call === undefined ? "application" : "request", context);
    if ("status" in access) return access;
    if (call !== undefined) {
      const action = requestActions[call.action];
      if (action === undefined) return unknownPath(request.segments);
      if (action.method !== request.method) return methodNotAllowed();
      return await action.answer({ id: call.id, accountId: access.accountId, request }, context);
    }
    if (request.segments.join("/") !== endpointId) return unknownPath(request.segments);
    return request.method === "POST" ? await submitToQueue(request, access.accountId, context) : methodNotAllowed();
  };

  const run: Dispatch = async (request) => {
    const path = request.segments.join("/");
    // Refused before it is asked who calls: a browser's WebSocket cannot carry a key in a header.
    if (path === `${endpointId}/realtime`) return unknownPath(request.segments);
    const access = await accessOf(request, "application", context);
    if ("status" in access) return access;
    if (path !== endpointId) return unknownPath(request.segments);
    return request.method === "POST" ? await runs.run(request, access.accountId) : methodNotAllowed();
  };

  const hosts: Readonly<Record<FalRequest["host"], Dispatch>> = {
    queue,
    run,
    rest: (request) => rest(request, context),
    cdn: (request) => cdn(request, context),
    site: async (request) => site(request),
    api: (request) => api(request, context),
  };
  return (request) => hosts[request.host](request);
}

type Action = { readonly method: string; readonly answer: (call: RequestCall, context: FalContext) => Promise<FalReply> };

const requestActions: Readonly<Record<string, Action | undefined>> = {
  "": { method: "GET", answer: readResult },
  response: { method: "GET", answer: readResult },
  status: { method: "GET", answer: readStatus },
  "status/stream": { method: "GET", answer: streamStatus },
  cancel: { method: "PUT", answer: cancel },
};

/** `<app or endpoint>/requests/<id>` and what follows. */
function requestCall(segments: readonly string[]): { readonly id: string; readonly action: string } | undefined {
  const path = segments.join("/");
  const prefix = [`${endpointId}/requests/`, `${appId}/requests/`].find((candidate) => path.startsWith(candidate));
  if (prefix === undefined) return undefined;
  const [id = "", ...action] = path.slice(prefix.length).split("/");
  return { id, action: action.join("/") };
}

function unknownPath(segments: readonly string[]): FalReply {
  const [owner = "", alias = "", ...below] = segments;
  const headers = { [requestIdHeader]: randomUUID(), [billableUnitsHeader]: "0" };
  return `${owner}/${alias}` === appId
    ? json(404, { detail: `Path /${below.join("/")} not found` }, headers)
    : json(404, { detail: `Application "${[owner, alias].filter((part) => part !== "").join("/")}" not found` }, headers);
}

function methodNotAllowed(): FalReply {
  return json(405, { detail: "Method Not Allowed" });
}

function notFound(): FalReply {
  return json(404, { detail: "Not Found" });
}

async function rest(request: FalRequest, context: FalContext): Promise<FalReply> {
  const path = request.segments.join("/");
  if (path === ".well-known/jwks.json") {
    if (request.method !== "GET") return methodNotAllowed();
    return json(200, keySet(context.signingKey), { "cache-control": "public, max-age=86400" });
  }
  const access = await accessOf(request, "rest", context);
  if ("status" in access) return access;
  if (!["storage/upload/initiate", "storage/upload/initiate-multipart", "storage/auth/token"].includes(path)) return notFound();
  if (request.method !== "POST") return methodNotAllowed();
  return path === "storage/auth/token" ? cdnToken(request, context) : await initiateUpload(request, context);
}

function site({ method, segments, query, publicBase }: FalRequest): FalReply {
  if (segments.join("/") !== "api/openapi/queue/openapi.json") return notFound();
  if (method !== "GET") return methodNotAllowed();
  if (query.get("endpoint_id") !== endpointId) return notFound();
  return json(200, openApiDocument(baseOf(publicBase, "queue")));
}

async function api(request: FalRequest, context: FalContext): Promise<FalReply> {
  const access = await accessOf(request, "rest", context);
  if ("status" in access) return access;
  if (request.segments.join("/") !== "v1/models/pricing") return notFound();
  if (request.method !== "GET") return methodNotAllowed();
  const wanted = request.query.getAll("endpoint_id").flatMap((ids) => ids.split(","));
  return wanted.every((id) => id === endpointId) ? json(200, priceList()) : notFound();
}
