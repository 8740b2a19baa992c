import { timingSafeEqual } from "node:crypto";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { AppError } from "../domain/errors.ts";
import type { Control } from "./control.ts";
import {
  encodeDelivery,
  encodeGrant,
  encodeJobLine,
  encodeKey,
  NewGrantDocument,
  NewKeyDocument,
  toNewKey,
} from "./control-wire.ts";
import { parseBody } from "./native/wire.ts";

export const controlHeader = "x-upres-control";
const mostListed = 200;

/** /control: what the `upres` command asks of the server that holds the embedded database; for who has the token, which
 *  lies in the data folder. */
export function controlRoutes(control: Control, token: string): FastifyPluginAsync {
  const expected = Buffer.from(token);
  const isOperator = (request: FastifyRequest): boolean => {
    const given = Buffer.from(String(request.headers[controlHeader] ?? ""));
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  return async (app) => {
    app.addHook("onRequest", async (request) => {
      if (!isOperator(request)) throw new AppError("unauthorized", "Only the operator's own command may do this.");
    });
    app.get("/control/keys", async () => ({ keys: (await control.listKeys()).map(encodeKey) }));
    app.post("/control/keys", async (request) => {
      const { key, credential } = await control.createKey(toNewKey(parseBody(NewKeyDocument, request.body)));
      return { id: key.id, account_id: key.accountId, name: key.name, key: credential };
    });
    app.delete<{ Params: { id: string } }>("/control/keys/:id", async (request) => ({
      revoked: await control.revokeKey(request.params.id),
    }));
    app.post("/control/grants", async (request) => {
      const { account_or_key_id: id, micros } = parseBody(NewGrantDocument, request.body);
      const granted = await control.grantCredits(id, BigInt(micros));
      return { granted: granted === undefined ? null : encodeGrant(granted) };
    });
    app.get("/control/jobs", async () => ({ jobs: (await control.listJobs(mostListed)).map(encodeJobLine) }));
    app.get("/control/deliveries", async () => ({
      deliveries: (await control.listDeliveries(mostListed)).map(encodeDelivery),
    }));
    app.post<{ Params: { id: string } }>("/control/deliveries/:id/resend", async (request) => ({
      sent: await control.resendDelivery(request.params.id),
    }));
  };
}
