import { AppError } from "../../domain/errors.ts";
import { listModels, quote, readBalance, readWebhookSecret } from "./catalogue.ts";
import type { Call, WavespeedParts, WavespeedRequest } from "./context.ts";
import { modelId } from "./names.ts";
import { deletePredictions, listPredictions, readPrediction } from "./predictions.ts";
import { refusal, type WavespeedReply } from "./reply.ts";
import { submit } from "./submit.ts";
import { createTicket, putTicket, uploadFile, uploadFileWithUrl } from "./uploads.ts";

type Route = {
  readonly method: string;
  readonly answer: (call: Call) => Promise<WavespeedReply>;
  /** Counts against the account's requests a minute. */
  readonly isSubmit?: true;
};

/** By the path below `/api/`. */
const fixedRoutes: Readonly<Record<string, Route | undefined>> = {
  [`v3/${modelId}`]: { method: "POST", answer: submit, isSubmit: true },
  "v3/predictions": { method: "POST", answer: listPredictions },
  "v3/predictions/delete": { method: "POST", answer: deletePredictions },
  "v3/media/uploads": { method: "POST", answer: createTicket },
  "v3/media/upload/binary": { method: "POST", answer: uploadFile },
  "v2/media/upload/binary": { method: "POST", answer: uploadFile },
  "v3/upload": { method: "POST", answer: uploadFileWithUrl },
  "v3/balance": { method: "GET", answer: readBalance },
  "v3/models": { method: "GET", answer: listModels },
  "v3/model/price": { method: "POST", answer: quote },
  "v3/model/pricing": { method: "POST", answer: quote },
  "v3/webhook/secret": { method: "GET", answer: readWebhookSecret },
};

function routeOf(path: string): Route | undefined {
  const fixed = Object.hasOwn(fixedRoutes, path) ? fixedRoutes[path] : undefined;
  if (fixed !== undefined) return fixed;
  const predictionId = /^v3\/predictions\/([^/]+)(?:\/result)?$/.exec(path)?.[1];
  return predictionId === undefined ? undefined : { method: "GET", answer: (call) => readPrediction(call, predictionId) };
}

/** Leads a request to what answers it: fixed paths first, then anything else as the name of a model. Who calls is asked
 *  before the method and the body.  Throws: AppError. */
export async function dispatch(request: WavespeedRequest, parts: WavespeedParts): Promise<WavespeedReply> {
  const { method, path } = request;
  const ticket = /^v3\/media\/uploads\/([^/]+)$/.exec(path)?.[1];
  if (ticket !== undefined && method === "PUT") return await putTicket(request, ticket, parts);
  const route = routeOf(path);
  const isSubmit = route?.isSubmit === true && route.method === method;
  const { accountId } = await authenticate(request, isSubmit, parts);
  if (route === undefined) return method === "POST" ? refusal(404, "model not found") : refusal(404, "not found");
  if (route.method !== method) return refusal(405, "method not allowed", { allow: route.method });
  return await route.answer({ request, accountId, parts });
}

/** Throws: AppError `unauthorized`, `rate_limited`. */
async function authenticate(request: WavespeedRequest, counts: boolean, parts: WavespeedParts): Promise<{ accountId: string }> {
  const credential = /^bearer\s+(\S+)$/i.exec(request.headers.authorization?.trim() ?? "")?.[1];
  const account = await parts.authenticate(credential, { counts });
  if (account === undefined) throw new AppError("unauthorized", "The key is missing or wrong.");
  return account;
}
