import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { signingKeyOf } from "../../delivery/signing-key.ts";
import { createWavespeedWebhooks, signatureOf, webhookSecret } from "./webhook.ts";

const id = "b1946ac92492d2347c6235b4d2611184";
const body = `{"id":"${id}","model":"runwayml/upscale-v1","status":"completed"}`;

test("a signature is the one that receivers expect", () => {
  expect(signatureOf({ id, timestamp: "1767225600", body }, "whsec_test-secret-0001")).toBe(
    "v3,003a7bf7e446ef9dd726dcb562af7b49e69bad20657618dc7ce177b93de1efdc",
  );
});

test("headers are made from the account's own secret and the time of the attempt", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const signingKey = signingKeyOf(privateKey);
  const links = {
    sign: () => "token",
    verify: () => {
      throw new Error("not asked");
    },
  };
  const webhooks = createWavespeedWebhooks({ signingKey, links, resultLifetimeSeconds: 3600 });
  const message = { body, contentType: "application/json", facts: { id, accountId: "a" } };
  const timestamp = "1767225600";
  expect(webhooks.headers(message, new Date(1_767_225_600_999))).toEqual({
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatureOf({ id, timestamp, body }, webhookSecret(signingKey, "a")),
  });
  expect(webhookSecret(signingKey, "b")).not.toBe(webhookSecret(signingKey, "a"));
  expect(webhookSecret(signingKeyOf(privateKey), "a")).toBe(webhookSecret(signingKey, "a"));
  expect(webhooks.retry).toEqual({ delaysSeconds: [5, 30, 120], timeoutMs: 10_000 });
});
