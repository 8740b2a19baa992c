import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { UseapiClient } from "../../support/useapi-client.ts";
import { makeClip, startUseapiServer, type UseapiServer } from "../../support/useapi-server.ts";

const clock = new ManualClock();
let server: UseapiServer;
let clip: Buffer;
let alice: UseapiClient;
let bob: UseapiClient;
/** Alice's, which may not spend more than 12 credits in all. */
let assetId: string;
/** How often the queue was asked for a place in it. */
let positionsAsked = 0;
beforeAll(async () => {
  server = await startUseapiServer({
    clock,
    change: ({ jobs }) => ({
      jobs: new Proxy(jobs, {
        get: (target, name) => {
          if (name === "queuePosition") positionsAsked += 1;
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    }),
  });
  clip = await makeClip(2);
  const keys = await Promise.all(
    [120_000n, undefined].map((creditsMicros) =>
      server.accounts.createKey({ name: "a key", ...(creditsMicros !== undefined && { creditsMicros }) }),
    ),
  );
  [alice, bob] = keys.map(({ credential }) => new UseapiClient(server, credential)) as [UseapiClient, UseapiClient]; // of two keys
  ({ assetId } = await alice.upload(clip));
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const refused = (status: number, error: string) => ({ status, body: { error, code: status } });

test("without a token of this server nothing is answered, with a colon in it or not", async () => {
  for (const token of ["", "nonsense", "user:1234-r:secret:more"]) {
    for (const [method, path] of [
      ["GET", "/tasks/?offset=0&limit=1"],
      ["POST", "/videos/upscale"],
      ["POST", "/assets/?name=a"],
      ["GET", "/accounts"],
    ] as const) {
      expect(await new UseapiClient(server, token).call(method, path)).toMatchObject(refused(401, "Unauthorized"));
    }
  }
  const root = await fetch(`${server.base}/v2/account`);
  expect([root.status, await root.json()]).toEqual([401, { error: "Unauthorized", code: 401 }]);
});

test("row 10: without credits 412 and no code, explore mode costs nothing and comes after the others", async () => {
  const { taskId } = await alice.start({ videoAssetId: assetId });
  await alice.start({ videoAssetId: assetId });
  await alice.start({ videoAssetId: assetId });
  const spent = await alice.upscale({ videoAssetId: assetId });
  expect(spent.status).toBe(412);
  expect(spent.body).toEqual({ error: "You do not have enough credits to run this task." });
  expect((await alice.call("GET", "/features/")).body).toMatchObject({
    permitted: { numPlanCredits: 12 },
    used: { numPlanCredits: 12 },
  });
  const free = await alice.start({ videoAssetId: assetId, exploreMode: true });
  expect(free).toMatchObject({ status: "THROTTLED", options: { exploreMode: true } });
  expect(await alice.usedCredits()).toBe(12);
  expect((await server.driver.start()).job).toMatchObject({ priority: "normal", isFree: false });
  // A task that is stopped gives its credits back.
  await alice.call("DELETE", `/scheduler/${taskId}`);
  expect(await alice.usedCredits()).toBe(8);
});

test("another account's ids are refused, its files and tasks cannot be seen", async () => {
  const own = await bob.call("GET", "/assets/?offset=0&limit=50");
  expect(own).toMatchObject({ status: 200, body: [] });
  const aliceId = /^user:(\d+)-/.exec(assetId)?.[1];
  const foreign = (where: string) => refused(403, `Unauthorized access to user:${aliceId} detected in ${where}`);
  expect(await bob.upscale({ videoAssetId: assetId })).toMatchObject(foreign("videoAssetId"));
  expect(await bob.call("GET", `/assets/${assetId}`)).toMatchObject(foreign("assetId"));
  expect(await bob.call("DELETE", `/assets/${assetId}`)).toMatchObject(foreign("assetId"));
  // Even under the caller's own number.
  const { assetId: bobs } = await bob.upload(clip);
  const disguised = `${bobs.split("-asset:")[0]}-asset:${assetId.split("-asset:")[1]}`;
  expect(await bob.upscale({ videoAssetId: disguised })).toMatchObject({ status: 404 });
  expect(await bob.call("GET", `/assets/${disguised}`)).toMatchObject(refused(404, "Not found."));
});

test("local accounts have their own limits, and an upload has to say whose it is once there are several", async () => {
  clock.advance(1_000);
  const saved = await bob.call("POST", "/accounts/b+ob@example.com", {
    email: "b+ob@example.com",
    password: "hunter2",
    maxJobs: 1,
  });
  expect(saved).toMatchObject({ status: 200, body: { email: "b+ob@example.com", password: "********", maxJobs: 1 } });
  // The one that was configured takes the place of the one that was there from the start.
  const first = await bob.upload(clip);
  expect(first.assetId).toContain("-runwayml:b+ob@example.com-asset:");
  await bob.start({ videoAssetId: first.assetId });
  expect(await bob.upscale({ videoAssetId: first.assetId })).toMatchObject({
    status: 429,
    body: { error: "Account b+ob@example.com is busy executing 1 tasks" },
  });
  clock.advance(1_000);
  const update = { email: "b+ob@example.com", password: "hunter2", maxJobs: 2 };
  await bob.call("POST", "/accounts/b%2Bob%40example.com/", update);
  const { taskId } = await bob.start({ videoAssetId: first.assetId });
  expect((await bob.call("GET", "/accounts/b+ob@example.com")).body).toMatchObject({ maxJobs: 2 });

  clock.advance(1_000);
  await bob.call("POST", "/accounts/c@example.com", { email: "c@example.com", password: "x", maxJobs: 3 });
  const path = "/assets/?name=a.mp4";
  const type = { "content-type": "video/mp4" };
  expect(await bob.call("POST", path, clip, type)).toMatchObject(
    refused(400, "Parameter email is required, several accounts are configured"),
  );
  expect(await bob.call("POST", `${path}&email=c@example.com`, clip, type)).toMatchObject({ status: 200 });
  expect((await bob.call("GET", "/assets/?offset=0&limit=50&email=c@example.com")).body).toHaveLength(1);
  expect((await bob.call("GET", "/tasks/?offset=0&limit=50&email=c@example.com")).body).toEqual({ tasks: [] });
  expect((await bob.call("GET", "/tasks/?offset=0&limit=50&email=b%2Bob@example.com")).body).toMatchObject({ tasks: [{}, {}] });
  const all = (await bob.call("GET", "/accounts")).body;
  expect(Object.keys(all as object)).toEqual(["me@upres.local", "b+ob@example.com", "c@example.com"]);
  expect(JSON.stringify(all)).not.toContain("hunter2");

  for (const email of Object.keys(all as object)) expect((await bob.call("DELETE", `/accounts/${email}`)).status).toBe(204);
  expect((await bob.call("GET", "/accounts")).status).toBe(404);
  expect(await bob.upscale({ videoAssetId: first.assetId })).toMatchObject(refused(404, "Account b+ob@example.com not found"));
  expect(await bob.task(taskId)).toMatchObject({ taskId });
  for (const { id, accountId } of await server.jobs.list((await jobOf(taskId)).accountId))
    await server.jobs.cancel(accountId, id);
});

test("tasks are listed newest first, by page and by status", async () => {
  const key = await server.accounts.createKey({ name: "carol" });
  const carol = new UseapiClient(server, key.credential);
  const { assetId: videoAssetId } = await carol.upload(clip);
  for (const { id } of await server.jobs.list(await aliceAccount(), { states: ["queued", "running"] })) {
    await server.jobs.cancel(await aliceAccount(), id);
  }
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    clock.advance(1_000);
    ids.unshift((await carol.start({ videoAssetId })).taskId);
  }
  await server.driver.workOnce();
  await server.driver.start();
  const [e, d, c, b, a] = ids;
  const list = async (query: string): Promise<unknown> => (await carol.call("GET", `/tasks/?offset=0&limit=10${query}`)).body;
  const summary = (entries: readonly (readonly [string | undefined, string])[]) => ({
    tasks: entries.map(([taskId, status]) => ({ taskId, status })),
  });
  expect(await list("")).toMatchObject(
    summary([
      [e, "THROTTLED"],
      [d, "THROTTLED"],
      [c, "PENDING"],
      [b, "RUNNING"],
      [a, "SUCCEEDED"],
    ]),
  );
  expect(await list("&statuses=RUNNING,SUCCEEDED")).toMatchObject(
    summary([
      [b, "RUNNING"],
      [a, "SUCCEEDED"],
    ]),
  );
  expect(await list("&statuses=PENDING")).toMatchObject(summary([[c, "PENDING"]]));
  expect(await list("&statuses=THROTTLED,RUNNING")).toMatchObject(
    summary([
      [e, "THROTTLED"],
      [d, "THROTTLED"],
      [b, "RUNNING"],
    ]),
  );
  const page = await carol.call("GET", "/tasks?offset=1&limit=1&statuses=THROTTLED");
  expect(page.body).toMatchObject(summary([[d, "THROTTLED"]]));
  expect((await carol.call("GET", "/tasks?offset=3&limit=2")).body).toMatchObject(
    summary([
      [b, "RUNNING"],
      [a, "SUCCEEDED"],
    ]),
  );
  for (const { id, accountId } of await server.jobs.list(key.account.id)) await server.jobs.cancel(accountId, id);
});

test("behind another account's task all are THROTTLED, and the queue is asked once", async () => {
  const [other, key] = [await server.accounts.createKey({ name: "erin" }), await server.accounts.createKey({ name: "dave" })];
  const [erin, dave] = [new UseapiClient(server, other.credential), new UseapiClient(server, key.credential)];
  const { taskId: ahead } = await erin.start({ videoAssetId: (await erin.upload(clip)).assetId });
  const { assetId: videoAssetId } = await dave.upload(clip);
  for (const exploreMode of [false, false, true]) await dave.start({ videoAssetId, exploreMode });
  positionsAsked = 0;
  const { body } = await dave.call("GET", "/tasks/?offset=0&limit=10");
  expect(body).toMatchObject({ tasks: Array.from({ length: 3 }, () => ({ status: "THROTTLED" })) });
  expect(positionsAsked).toBe(1);
  await erin.call("DELETE", `/scheduler/${ahead}`);
  for (const { id, accountId } of await server.jobs.list(key.account.id)) await server.jobs.cancel(accountId, id);
});

test("a file that a waiting task will read outlives its asset, and goes once the task has ended", async () => {
  const { assetId: videoAssetId } = await bob
    .call("POST", "/accounts/d@example.com", {
      email: "d@example.com",
      password: "x",
      maxJobs: 5,
    })
    .then(() => bob.upload(clip));
  const { taskId } = await bob.start({ videoAssetId });
  const { source } = await jobOf(taskId);
  const key = source.kind === "object" ? source.key : "";
  expect((await bob.call("DELETE", `/assets/${videoAssetId}`)).status).toBe(204);
  expect(await bob.call("GET", `/assets/${videoAssetId}`)).toMatchObject(refused(404, "Not found."));
  expect(await bob.upscale({ videoAssetId })).toMatchObject({ status: 404 });
  expect(await server.store.head(key)).toBeDefined();
  await bob.call("DELETE", `/scheduler/${taskId}`);
  await bob.upload(clip);
  expect(await server.store.head(key)).toBeUndefined();
});

test("deleting a finished task takes its result along", async () => {
  const { assetId: videoAssetId } = await bob.upload(clip);
  const { taskId } = await bob.start({ videoAssetId });
  await server.driver.workOnce();
  const [artifact] = (await bob.task(taskId)).artifacts;
  expect((await bob.call("GET", `/assets/${artifact?.assetId}`)).status).toBe(200);
  expect((await bob.call("DELETE", `/tasks/${taskId}`)).status).toBe(204);
  expect((await fetch(artifact?.url ?? "")).status).toBe(404);
  expect((await bob.call("GET", `/assets/${artifact?.assetId}`)).status).toBe(404);
  expect((await bob.call("GET", `/tasks/${taskId}`)).status).toBe(404);
});

test("a result that a waiting task will read outlives its own task", async () => {
  const { assetId: videoAssetId } = await bob.upload(clip);
  const { taskId } = await bob.start({ videoAssetId });
  await server.driver.workOnce();
  const [artifact] = (await bob.task(taskId)).artifacts;
  const { taskId: second } = await bob.start({ videoAssetId: artifact?.assetId });
  const { source } = await jobOf(second);
  const key = source.kind === "object" ? source.key : "";
  expect((await bob.call("DELETE", `/tasks/${taskId}`)).status).toBe(204);
  expect(await bob.call("GET", `/assets/${artifact?.assetId}`)).toMatchObject(refused(404, "Not found."));
  expect(await server.store.head(key)).toBeDefined();
  await bob.call("DELETE", `/scheduler/${second}`);
  await bob.upload(clip);
  expect(await server.store.head(key)).toBeUndefined();
});

test("after their time tasks answer 410, and files are gone", async () => {
  const { assetId: videoAssetId } = await bob.upload(clip);
  const { taskId } = await bob.start({ videoAssetId });
  await server.driver.workOnce();
  const [artifact] = (await bob.task(taskId)).artifacts;
  clock.advance(3_600_000);
  expect(await bob.call("GET", `/tasks/${taskId}`)).toMatchObject(refused(410, "Job has expired"));
  expect(await bob.call("GET", `/assets/${artifact?.assetId}`)).toMatchObject(refused(404, "Not found."));
  expect((await bob.call("GET", `/assets/${videoAssetId}`)).status).toBe(200);
  clock.advance(86_400_000);
  expect((await bob.call("GET", `/assets/${videoAssetId}`)).status).toBe(404);
  const { id: latest } = await bob.upload(clip);
  const keys: string[] = [];
  for await (const { key } of server.store.list("media/useapi/")) keys.push(key);
  expect(keys).toEqual([`media/useapi/${latest}`]);
});

async function jobOf(taskId: string) {
  for (const account of await server.accounts.list()) {
    const job = await server.jobs.get(account.id, taskId.slice(-36));
    if (job !== undefined) return job;
  }
  throw new Error(`there is no job of ${taskId}`);
}

async function aliceAccount(): Promise<string> {
  const [limited] = (await server.accounts.list()).filter(({ hasCreditLimit }) => hasCreditLimit);
  return limited?.id ?? "";
}
