import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { signingKeyOf } from "../../delivery/signing-key.ts";
import { json } from "./reply.ts";
import { createFalWebhooks, keySet, webhookMessage } from "./webhook.ts";

const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 1));
const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
const signingKey = signingKeyOf(privateKey);
const links = { sign: () => "token", verify: () => ({ key: "", purpose: "read" as const, expiresAt: new Date() }) };
const encoder = createFalWebhooks({ links, resultLifetimeSeconds: 60, signingKey });

test("signs as the published test vector says", () => {
  const requestId = "024ca5b1-45d3-4afd-883e-ad3abe2a1c4d";
  const body = `{"request_id":"${requestId}","gateway_request_id":"${requestId}","status":"OK","payload":{"duration":5.0}}`;
  const message = { body, contentType: "application/json", facts: { requestId, userId: "user-1" } };
  expect(encoder.headers(message, new Date(1_700_000_000_999))).toEqual({
    "x-fal-webhook-request-id": requestId,
    "x-fal-webhook-user-id": "user-1",
    "x-fal-webhook-timestamp": "1700000000",
    "x-fal-webhook-signature":
      "5186fa714f3c52983b6a8a516fb1651138a2b0c8f378e8d2fed6999cbbf374c3" +
      "b003d0dfe0d7825283b8353c4dcf526413a9fe58360a4b432235c6f801cd3800",
  });
});

test("publishes the key that verifies its signatures", () => {
  const [jwk] = keySet(signingKey).keys;
  expect(jwk).toMatchObject({
    kty: "OKP",
    crv: "Ed25519",
    use: "sig",
    alg: "EdDSA",
    x: "ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ",
  });
  const publicKey = createPublicKey({ key: { ...jwk }, format: "jwk" });
  expect(verify(null, Buffer.from("text"), publicKey, signingKey.sign(Buffer.from("text")))).toBe(true);
});

test("wraps a result, and an error with its status", () => {
  expect(JSON.parse(webhookMessage("r", "u", json(200, { duration: 1 })).body)).toEqual({
    request_id: "r",
    gateway_request_id: "r",
    status: "OK",
    error: null,
    payload: { duration: 1 },
  });
  expect(JSON.parse(webhookMessage("r", "u", json(422, { detail: [] })).body)).toMatchObject({
    status: "ERROR",
    error: "Invalid status code: 422",
    payload: { detail: [] },
  });
});
