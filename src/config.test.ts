import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { describeSettings } from "../scripts/describe-settings.ts";
import { readConfig, settings } from "./config.ts";
import { AppError } from "./domain/errors.ts";

function problemsOf(environment: Record<string, string>, flags = {}): readonly unknown[] {
  try {
    readConfig({ environment, flags });
  } catch (error) {
    if (error instanceof AppError && error.code === "bad_request" && Array.isArray(error.details["problems"])) {
      return error.details["problems"];
    }
    throw error;
  }
  return [];
}

describe("readConfig", () => {
  it("has a default for everything that one machine needs", () => {
    const config = readConfig({ environment: { PATH: "/bin", UPRES_HOST: "" } });
    expect(config).toMatchObject({
      server: { host: "127.0.0.1", port: 7878, publicUrl: undefined, role: "all" },
      data: { folder: resolve("upres-data") },
      database: { url: undefined },
      storage: { kind: "disk" },
      fetch: { allow: [] },
      accounts: { open: "auto" },
    });
  });

  it("reads the environment, with the command line's options before it", () => {
    const config = readConfig({
      environment: {
        UPRES_PORT: "0",
        UPRES_HOST: "::1",
        UPRES_FETCH_ALLOW: " 127.0.0.0/8, ::1 ,10.1.2.3",
        UPRES_PUBLIC_URL: "https://video.example/upres/",
        UPRES_STORAGE: "s3",
        UPRES_S3_BUCKET: "films",
      },
      flags: { UPRES_HOST: { value: "0.0.0.0", as: "--host" } },
    });
    expect(config.server).toMatchObject({ host: "0.0.0.0", port: 0, publicUrl: "https://video.example/upres" });
    expect(config.fetch.allow).toEqual(["127.0.0.0/8", "::1", "10.1.2.3"]);
    expect(config.storage).toMatchObject({ kind: "s3", bucket: "films", region: "us-east-1" });
  });

  it("names every problem at once, as the user knows it", () => {
    const environment = { UPRES_PORT: "70000", UPRES_COLOUR: "red", UPRES_FETCH_ALLOW: "10.0.0.0/33", UPRES_STORAGE: "s3" };
    expect(problemsOf(environment, { UPRES_ROLE: { value: "boss", as: "--role" } })).toEqual([
      "UPRES_COLOUR is not a setting",
      "UPRES_PORT takes 0 to 65535, not 70000",
      "--role takes all or api, not boss",
      "UPRES_FETCH_ALLOW takes addresses and ranges, not 10.0.0.0/33",
      "UPRES_STORAGE=s3 needs UPRES_S3_BUCKET",
    ]);
  });

  it.each([
    ["UPRES_PORT", "7.5"],
    ["UPRES_PORT", "-1"],
    ["UPRES_PUBLIC_URL", "ftp://host"],
    ["UPRES_PUBLIC_URL", "host:80"],
    ["UPRES_TRUSTED_PROXIES", "proxy.example"],
    ["UPRES_RESULT_LIFETIME_SECONDS", "0"],
    ["UPRES_S3_ACCESS_KEY_ID", "alone"],
  ])("refuses %s=%s", (name, value) => {
    expect(problemsOf({ [name]: value })).toHaveLength(1);
  });

  it("never shows a secret", () => {
    const config = readConfig({ environment: { UPRES_DATABASE_URL: "postgres://me:hunter2@db/upres" } });
    expect(config.database.url?.reveal()).toBe("postgres://me:hunter2@db/upres");
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.database.url)]) {
      expect(shown).toContain("[redacted]");
      expect(shown).not.toContain("hunter2");
    }
  });

  it("cannot be changed afterwards", () => {
    const config = readConfig({ environment: {} });
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
  });
});

describe("the reference of settings", () => {
  it("is current: run `node scripts/configuration.ts` when this fails", async () => {
    const reference = describeSettings();
    for (const name of Object.keys(settings)) expect(reference).toContain(`\`${name}\``);
    expect(await readFile(new URL("../docs/configuration.md", import.meta.url), "utf8")).toBe(reference);
  });
});
