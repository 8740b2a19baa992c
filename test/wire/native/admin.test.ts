import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { announceWorker } from "../../../src/jobs/workers.ts";
import { AccountDocument, AccountList, KeyList, WorkerList } from "../../../src/server/admin/wire.ts";
import { CreatedKeyDocument } from "../../../src/server/control-wire.ts";
import { adminOperations } from "../../../src/server/native/page-operations.ts";
import { NativeClient } from "../../support/native-client.ts";
import { type NativeServer, startNativeServer } from "../../support/native-server.ts";

// What admin keys may do over everyone's accounts, and that other keys may not.

let server: NativeServer;
let admin: NativeClient;
let alice: NativeClient;
let aliceId: string;
beforeAll(async () => {
  server = await startNativeServer();
  admin = new NativeClient(server.base, (await server.accounts.createKey({ name: "boss", isAdmin: true })).credential);
  const made = await server.accounts.createKey({ name: "alice", creditsMicros: 1_000_000n });
  alice = new NativeClient(server.base, made.credential);
  aliceId = made.account.id;
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function read<Schema extends z.ZodType>(schema: Schema, path: string): Promise<z.infer<Schema>> {
  return schema.parse(await (await admin.fetch(path)).json());
}

test("every admin request is refused with 403 for an ordinary key and with 401 for none, before its body is looked at", async () => {
  expect(adminOperations.length).toBeGreaterThan(8);
  for (const { method, path } of adminOperations) {
    const init = { method: method.toUpperCase() };
    const url = path.replaceAll("{id}", randomUUID());
    const refused = await alice.fetch(url, init);
    expect([url, refused.status, await refused.json()]).toMatchObject([url, 403, { error: { code: "forbidden" } }]);
    expect((await new NativeClient(server.base).fetch(url, init)).status).toBe(401);
  }
});

test("the installation's own key speaks for this machine's account and may do everything", async () => {
  const operator = new NativeClient(server.base, server.accounts.operatorCredential);
  expect(await (await operator.fetch("/api/session")).json()).toMatchObject({ account: { id: "local", is_admin: true } });
  expect((await operator.fetch("/api/admin/keys")).status).toBe(200);
  const wrong = server.accounts.operatorCredential?.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  expect((await new NativeClient(server.base, wrong).fetch("/api/session")).status).toBe(401);
});

test("keys are made, shown once, and revoked", async () => {
  const answer = await admin.post("/api/admin/keys", { name: "bob", account_id: aliceId });
  expect(answer.status).toBe(201);
  const made = CreatedKeyDocument.parse(await answer.json());
  const bob = new NativeClient(server.base, made.key);
  expect(await (await bob.fetch("/api/session")).json()).toMatchObject({ account: { id: aliceId, is_admin: false } });
  const listed = (await read(KeyList, "/api/admin/keys")).keys.find(({ id }) => id === made.id);
  expect(listed).toMatchObject({
    account_id: aliceId,
    name: "bob",
    is_admin: false,
    balance_micros: "1000000",
    revoked_at: null,
  });
  expect(JSON.stringify(listed)).not.toContain(made.key.split(":")[1]);
  expect((await admin.fetch(`/api/admin/keys/${made.id}`, { method: "DELETE" })).status).toBe(200);
  expect((await bob.fetch("/api/session")).status).toBe(401);
  for (const id of [randomUUID(), "x"])
    expect((await admin.fetch(`/api/admin/keys/${id}`, { method: "DELETE" })).status).toBe(404);
  const second = CreatedKeyDocument.parse(await (await admin.post("/api/admin/keys", { name: "boss 2", is_admin: true })).json());
  expect((await new NativeClient(server.base, second.key).fetch("/api/admin/accounts")).status).toBe(200);
});

test("credits are granted and limits changed, null giving the server's own back", async () => {
  expect(await (await admin.post("/api/admin/grants", { account_or_key_id: aliceId, micros: "5" })).json()).toEqual({
    account_id: aliceId,
    balance_micros: "1000005",
  });
  expect((await admin.post("/api/admin/grants", { account_or_key_id: randomUUID(), micros: "5" })).status).toBe(404);
  const change = async (body: object): Promise<AccountDocument> => {
    const answer = await admin.fetch(`/api/admin/accounts/${aliceId}`, {
      method: "PATCH",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    return AccountDocument.parse(await answer.json());
  };
  expect(await change({ requests_per_minute: 2, max_queue_length: 3 })).toMatchObject({
    requests_per_minute: 2,
    max_queue_length: 3,
    max_concurrent_jobs: null,
  });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i += 1)
    statuses.push((await alice.post("/api/jobs", { video_url: "https://example.com/a.mp4" })).status);
  expect(statuses).toEqual([202, 202, 429]);
  expect(await change({ requests_per_minute: null })).toMatchObject({
    requests_per_minute: null,
    max_queue_length: 3,
    queued: 2,
  });
  expect((await alice.post("/api/jobs", { video_url: "https://example.com/a.mp4" })).status).toBe(202);
  const { accounts } = await read(AccountList, "/api/admin/accounts");
  expect(accounts.find(({ id }) => id === aliceId)).toMatchObject({
    name: "alice",
    balance_micros: "1000005",
    keys: 1,
    queued: 3,
  });
});

test("workers, the queue, jobs and callbacks of everyone are shown", async () => {
  const worker = {
    id: randomUUID(),
    host: "box",
    version: "1",
    startedAt: server.clock.now(),
    seenAt: server.clock.now(),
    running: 1,
    concurrency: 2,
  };
  await announceWorker(server.database, worker);
  expect((await read(WorkerList, "/api/admin/workers")).workers).toMatchObject([{ host: "box", is_alive: true, running: 1 }]);
  server.clock.advance(60_000);
  expect((await read(WorkerList, "/api/admin/workers")).workers).toMatchObject([{ is_alive: false }]);
  expect(await (await admin.fetch("/api/admin/queue")).json()).toMatchObject({
    queued: 3,
    running: 0,
    deliveries: { failed: 0 },
  });

  await server.driver.workOnce();
  const { id } = await alice.submit({ video_url: "https://example.com/a.mp4", webhook_url: "http://127.0.0.1:9/hook?secret=1" });
  await alice.fetch(`/api/jobs/${id}/cancel`, { method: "POST" });
  const { deliveries } = z
    .object({ deliveries: z.array(z.object({ id: z.uuid(), job_id: z.string(), url: z.string() })) })
    .parse(await (await admin.fetch("/api/admin/deliveries")).json());
  expect(deliveries).toMatchObject([{ job_id: id, url: "http://127.0.0.1:9/hook" }]);
  expect((await admin.fetch(`/api/admin/deliveries/${deliveries[0]?.id}/resend`, { method: "POST" })).status).toBe(200);
  expect((await admin.fetch(`/api/admin/deliveries/${randomUUID()}/resend`, { method: "POST" })).status).toBe(404);
  const { jobs } = z
    .object({ jobs: z.array(z.object({ id: z.string(), state: z.string() })) })
    .parse(await (await admin.fetch("/api/admin/jobs?limit=2")).json());
  expect(jobs).toHaveLength(2);
});
