import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Accounts, createAccounts } from "../../src/accounts/accounts.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { OpenDatabase } from "../../src/db/database.ts";
import { createTestDatabase, databaseKinds, missingDatabase, type TestDatabase } from "../support/databases.ts";

// Accounts on every kind of database.

let nowMs = Date.UTC(2026, 0, 1);
const clock: Clock = { now: () => new Date(nowMs), sleep: async () => undefined };
const passSeconds = (seconds: number): void => void (nowMs += seconds * 1000);

describe.each(databaseKinds)("accounts on the %s database", (databaseKind) => {
  const missing = missingDatabase(databaseKind);
  let made: TestDatabase;
  let database: OpenDatabase;
  let accounts: Accounts;

  beforeAll(async () => {
    if (missing !== undefined) return;
    made = await createTestDatabase(databaseKind);
    database = made.database;
  });

  afterAll(async () => made?.[Symbol.asyncDispose]());

  beforeEach((context) => {
    context.skip(missing !== undefined, missing);
    accounts = createAccounts({ database, clock, randomBytes });
  });

  async function balance(accountId: string): Promise<bigint> {
    return await accounts.ledger.balance(accountId, database);
  }

  describe("before there is a key", () => {
    it("takes any credential, or none, for this machine's own account, unless open mode is off", async () => {
      expect(await accounts.isOpen()).toBe(true);
      for (const credential of [undefined, "", "whatever", `${randomUUID()}:${"x".repeat(43)}`]) {
        expect((await accounts.identify(credential))?.id).toBe("local");
      }
      const closed = createAccounts({ database, clock, randomBytes, open: "never" });
      expect(await closed.identify(undefined)).toBeUndefined();
    });
  });

  describe("keys", () => {
    it("open the account they were made for, and nothing else does from then on", async () => {
      const { key, account, credential } = await accounts.createKey({ name: "first" });
      expect(credential).toMatch(new RegExp(`^${key.id}:[\\w-]{43}$`));
      expect(await accounts.identify(credential)).toEqual(account);
      expect(await accounts.isOpen()).toBe(false);
      const [id, secret = ""] = credential.split(":");
      const wrong = `${secret.startsWith("A") ? "B" : "A"}${secret.slice(1)}`;
      for (const other of [undefined, "", "whatever", secret, `${id}:`, `${id}:${wrong}`, `${randomUUID()}:${secret}`]) {
        expect(await accounts.identify(other)).toBeUndefined();
      }
    });

    it("keep the server closed in a process that did not make them", async () => {
      await accounts.createKey({ name: "elsewhere" });
      const other = createAccounts({ database, clock, randomBytes });
      expect(await other.isOpen()).toBe(false);
      expect(await other.identify(undefined)).toBeUndefined();
    });

    it("are kept as a hash only", async () => {
      const { credential } = await accounts.createKey({ name: "hashed" });
      const secret = credential.split(":")[1] ?? "";
      const rows = await database.query<{ row: string }>("select row_to_json(k)::text as row from api_keys k");
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter(({ row }) => row.includes(secret))).toEqual([]);
      expect(rows.filter(({ row }) => row.includes(Buffer.from(secret).toString("hex")))).toEqual([]);
    });

    it("end when revoked, here at once and in other processes within seconds, and stay in the list", async () => {
      const { key, credential } = await accounts.createKey({ name: "short-lived" });
      const other = createAccounts({ database, clock, randomBytes });
      expect(await other.identify(credential)).toBeDefined();
      expect(await accounts.revokeKey(key.id)).toBe(true);
      expect(await accounts.identify(credential)).toBeUndefined();
      passSeconds(3);
      expect(await other.identify(credential)).toBeUndefined();
      expect((await accounts.listKeys()).find(({ id }) => id === key.id)?.revokedAt).toBeInstanceOf(Date);
      expect(await accounts.revokeKey(randomUUID())).toBe(false);
      expect(await accounts.revokeKey("no uuid")).toBe(false);
    });

    it("can share an account, with its limits", async () => {
      const { account } = await accounts.createKey({ name: "one", maxConcurrentJobs: 3, maxQueueLength: 7 });
      const second = await accounts.createKey({ name: "two", accountId: account.id });
      expect(await accounts.identify(second.credential)).toEqual(account);
      expect(account).toMatchObject({ maxConcurrentJobs: 3, maxQueueLength: 7, requestsPerMinute: undefined });
      await expect(accounts.createKey({ name: "three", accountId: "nobody" })).rejects.toMatchObject({ code: "bad_request" });
    });

    it("are limited in requests a minute, by those that count", async () => {
      const { credential } = await accounts.createKey({ name: "slow", requestsPerMinute: 2 });
      await accounts.identify(credential);
      await accounts.identify(credential);
      await expect(accounts.identify(credential)).rejects.toMatchObject({
        code: "rate_limited",
        details: { retryAfterSeconds: 30 },
      });
      expect(await accounts.identify(credential, { counts: false })).toBeDefined();
      passSeconds(30);
      expect(await accounts.identify(credential)).toBeDefined();
      await expect(accounts.identify(credential)).rejects.toMatchObject({ code: "rate_limited" });
    });
  });

  describe("credits", () => {
    it("are held at submit and charged once at the end, to the micro", async () => {
      const { account } = await accounts.createKey({ name: "payer", creditsMicros: 1_000_000n });
      const [first, second] = [randomUUID(), randomUUID()];
      await accounts.ledger.reserve(account.id, first, 600_000n, database);
      expect(await balance(account.id)).toBe(400_000n);
      await expect(accounts.ledger.reserve(account.id, second, 400_001n, database)).rejects.toMatchObject({
        code: "credits_exhausted",
        details: { balanceMicros: "400000", neededMicros: "400001" },
      });
      await accounts.ledger.settle(first, 123_457n, database);
      await accounts.ledger.settle(first, 123_457n, database);
      await accounts.ledger.refund(first, database);
      expect(await balance(account.id)).toBe(876_543n);
      await accounts.ledger.reserve(account.id, second, 876_543n, database);
      expect(await balance(account.id)).toBe(0n);
      await accounts.ledger.refund(second, database);
      await accounts.ledger.settle(second, 1n, database);
      expect(await balance(account.id)).toBe(876_543n);
      expect((await accounts.ledger.entries(account.id, database)).map(({ kind, amountMicros }) => [kind, amountMicros])).toEqual(
        [
          ["grant", 1_000_000n],
          ["reserve", -600_000n],
          ["settle", 476_543n],
          ["reserve", -876_543n],
          ["refund", 876_543n],
        ],
      );
    });

    it("are never spent twice by submits at the same time", async () => {
      const { account } = await accounts.createKey({ name: "crowd", creditsMicros: 10n });
      const outcomes = await Promise.allSettled(
        Array.from({ length: 25 }, () =>
          database.transaction((transaction) => accounts.ledger.reserve(account.id, randomUUID(), 1n, transaction)),
        ),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
      expect(await balance(account.id)).toBe(0n);
    });

    it("are given back when the submit that held them is undone", async () => {
      const { account } = await accounts.createKey({ name: "undone", creditsMicros: 5n });
      const undone = database.transaction(async (transaction) => {
        await accounts.ledger.reserve(account.id, randomUUID(), 5n, transaction);
        throw new Error("the submit failed");
      });
      await expect(undone).rejects.toThrow("the submit failed");
      expect(await balance(account.id)).toBe(5n);
    });

    it("are counted without a limit for keys made without credits", async () => {
      const { account } = await accounts.createKey({ name: "unlimited" });
      const job = randomUUID();
      await accounts.ledger.reserve(account.id, job, 9_000_000_000_000n, database);
      await accounts.ledger.settle(job, 7n, database);
      expect(await balance(account.id)).toBe(-7n);
      const listed = (await accounts.listKeys()).find(({ accountId }) => accountId === account.id);
      expect(listed).toMatchObject({ name: "unlimited", balanceMicros: undefined });
    });

    it("can be granted later, by the account's id or a key's, and are only added to", async () => {
      const { account, key } = await accounts.createKey({ name: "topped up", creditsMicros: 5n });
      expect(await accounts.grantCredits(account.id, 2_000_001n)).toEqual({ accountId: account.id, balanceMicros: 2_000_006n });
      await accounts.revokeKey(key.id);
      expect(await accounts.grantCredits(key.id.toUpperCase(), 1n)).toEqual({ accountId: account.id, balanceMicros: 2_000_007n });
      expect(await balance(account.id)).toBe(2_000_007n);
      const entries = await accounts.ledger.entries(account.id, database);
      expect(entries.map(({ kind, amountMicros }) => [kind, amountMicros])).toEqual([
        ["grant", 5n],
        ["grant", 2_000_001n],
        ["grant", 1n],
      ]);
    });

    it("are granted to nobody unknown, to nobody without a limit, and not in nothing or less", async () => {
      const { account } = await accounts.createKey({ name: "limited", creditsMicros: 5n });
      const free = await accounts.createKey({ name: "free" });
      for (const id of [randomUUID(), "nobody", "", "'"]) expect(await accounts.grantCredits(id, 1n)).toBeUndefined();
      for (const id of [free.account.id, free.key.id, "local"]) {
        await expect(accounts.grantCredits(id, 1n)).rejects.toMatchObject({ code: "bad_request" });
      }
      for (const micros of [0n, -1n]) {
        await expect(accounts.grantCredits(account.id, micros)).rejects.toMatchObject({ code: "bad_request" });
      }
      expect(await balance(account.id)).toBe(5n);
      expect(await balance(free.account.id)).toBe(0n);
    });

    it("cannot be changed after the fact", async () => {
      const { account } = await accounts.createKey({ name: "honest", creditsMicros: 5n });
      const change = database.query("update credit_entries set amount_micros = 500 where account_id = $1", [account.id]);
      await expect(change).rejects.toThrow(/append only/);
      await expect(database.query("delete from credit_entries where account_id = $1", [account.id])).rejects.toThrow(
        /append only/,
      );
      expect(await balance(account.id)).toBe(5n);
    });
  });
});
