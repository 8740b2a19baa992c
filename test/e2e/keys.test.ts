import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Ended, runUpres, ServeProcess } from "../support/serve-process.ts";

// `upres keys grant` as an operator types it, without a server and while one has the data open.

const Created = z.object({ id: z.uuid(), account_id: z.string(), key: z.string() });
const Granted = z.object({ account_id: z.string(), balance_micros: z.string() });

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-keys-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function keys(...words: readonly string[]): Promise<Ended> {
  return await runUpres(["keys", ...words, "--data", join(folder, "data")]);
}

async function createKey(...words: readonly string[]): Promise<z.infer<typeof Created>> {
  return Created.parse(JSON.parse((await keys("create", ...words, "--json")).stdout));
}

async function balanceAfter(id: string, dollars: string): Promise<string> {
  const { stdout, stderr } = await keys("grant", id, dollars, "--json");
  expect(stderr).toBe("");
  return Granted.parse(JSON.parse(stdout)).balance_micros;
}

describe("granting credits", () => {
  it("adds to an account exactly, with a running server and without one", async () => {
    const { id, account_id: accountId, key } = await createKey("--name", "ci", "--credits", "2.5");
    expect(await balanceAfter(accountId, "0.000001")).toBe("2500001");
    await using server = await ServeProcess.start(["--data", join(folder, "data")]);
    expect(server.mode).toBe("keys");
    expect(await balanceAfter(id, "7")).toBe("9500001");
    const told = await keys("grant", key, "0.499999");
    expect(told).toMatchObject({ code: 0, stdout: `The account ${accountId} has 10.00 dollars now.\n` });
    expect((await keys("list")).stdout).toMatch(new RegExp(`^${id} +ci .* 10\\.00 +valid$`, "m"));

    expect(await keys("grant", randomUUID(), "1")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no such account or key/),
    });
    expect(await keys("grant", "local", "1")).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no limit/) });
    const unknown = await runUpres(["jobs", "resend", "not-an-id", "--data", join(folder, "data")]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/no such callback/) });
  });

  it.each([
    ["-5", /negative/],
    ["0", /above zero/],
    ["1.0000001", /six decimals at most/],
    ["five", /amount in dollars/],
  ])("refuses %s dollars in one sentence", async (dollars, message) => {
    const ended = await keys("grant", "local", dollars);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });

  it("refuses an unknown account without a server, too", async () => {
    const ended = await keys("grant", randomUUID(), "1");
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/no such account or key/) });
  });
});
