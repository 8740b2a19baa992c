import { resolve } from "node:path";
import { isIP } from "node:net";
import { z } from "zod";
import { Secret } from "./core/secret.ts";
import { AppError } from "./domain/errors.ts";

export type ConfigRole = "all" | "api" | "worker";

/** One setting: how its text is read, and how the reference describes it. */
type Setting<Value> = {
  readonly parse: z.ZodType<Value, string>;
  readonly byDefault: string | undefined;
  readonly takes: string;
  readonly about: string;
  readonly group: string;
};

type Shown = { readonly group: string; readonly takes: string; readonly about: string };

function required<Value>(parse: z.ZodType<Value, string>, byDefault: string, shown: Shown): Setting<Value> {
  return { parse, byDefault, ...shown };
}

function optional<Value>(parse: z.ZodType<Value, string>, shown: Shown): Setting<Value | undefined> {
  return { parse, byDefault: undefined, ...shown };
}

const text = z.string().trim().min(1);
const secret = text.transform((value) => new Secret(value));
const choice = <const Values extends readonly [string, ...string[]]>(...values: Values) => z.enum(values);
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
const url = z.string().refine((value) => {
  const parsed = URL.parse(value);
  return parsed !== null && /^https?:$/.test(parsed.protocol);
});
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const ranges = list.refine((items) => items.every(isAddressRange));

const giga = 1024 ** 3;
const day = 86_400;

/** Every setting by the name of its environment variable. */
export const settings = {
  UPRES_HOST: required(text, "127.0.0.1", { group: "Server", takes: "address", about: "Address to listen on." }),
  UPRES_PORT: required(whole(0, 65_535), "7878", {
    group: "Server",
    takes: "0 to 65535",
    about: "Port to listen on; 0 takes a free one.",
  }),
  UPRES_PUBLIC_URL: optional(url, {
    group: "Server",
    takes: "URL",
    about: "How callers reach the server from outside; links are made from it. Left out, from each request's own host.",
  }),
  UPRES_TRUSTED_PROXIES: required(ranges, "", {
    group: "Server",
    takes: "addresses and ranges",
    about: "Proxies whose X-Forwarded-* headers are believed.",
  }),
  UPRES_ROLE: required(choice("all", "api"), "all", {
    group: "Server",
    takes: "all or api",
    about: "Whether `upres serve` also works on jobs.",
  }),
  UPRES_LOG_LEVEL: required(choice("debug", "info", "warn", "error", "silent"), "info", {
    group: "Server",
    takes: "debug, info, warn, error or silent",
    about: "What the log holds; it goes to standard error, one JSON object a line.",
  }),
  UPRES_DATA: required(text, "./upres-data", {
    group: "Data",
    takes: "folder",
    about: "Where the embedded database, uploads and results are kept.",
  }),
  UPRES_DATABASE_URL: optional(secret, {
    group: "Data",
    takes: "postgres URL",
    about: "A Postgres server in place of the embedded database; needed for workers on other machines.",
  }),
  UPRES_STORAGE: required(choice("disk", "s3"), "disk", {
    group: "Storage",
    takes: "disk or s3",
    about: "Where uploads and results lie: the data folder, or a bucket.",
  }),
  UPRES_S3_BUCKET: optional(text, { group: "Storage", takes: "name", about: "The bucket; needed for s3." }),
  UPRES_S3_ENDPOINT: optional(url, { group: "Storage", takes: "URL", about: "An S3 server other than Amazon's." }),
  UPRES_S3_REGION: required(text, "us-east-1", { group: "Storage", takes: "name", about: "The bucket's region." }),
  UPRES_S3_PREFIX: required(z.string(), "", { group: "Storage", takes: "text", about: "Put before every key in the bucket." }),
  UPRES_S3_ACCESS_KEY_ID: optional(text, { group: "Storage", takes: "text", about: "Name of the S3 key." }),
  UPRES_S3_SECRET_ACCESS_KEY: optional(secret, { group: "Storage", takes: "text", about: "Secret of the S3 key." }),
  UPRES_FETCH_ALLOW: required(ranges, "", {
    group: "Inputs",
    takes: "addresses and ranges",
    about: "Private addresses that inputs may be fetched from, as in 127.0.0.0/8,10.0.0.0/8; none by default.",
  }),
  UPRES_FETCH_MAX_BYTES: required(whole(1, 1024 * giga), String(8 * giga), {
    group: "Inputs",
    takes: "bytes",
    about: "Largest input, fetched or uploaded.",
  }),
  UPRES_FETCH_TIMEOUT_MS: required(whole(1000, day * 1000), "900000", {
    group: "Inputs",
    takes: "milliseconds",
    about: "Longest time for fetching one input.",
  }),
  UPRES_JOBS_CONCURRENCY: required(whole(1, 64), "1", {
    group: "Jobs",
    takes: "1 to 64",
    about: "Segments that one worker makes at the same time.",
  }),
  UPRES_JOBS_PER_ACCOUNT: required(whole(1, 1000), "2", {
    group: "Jobs",
    takes: "1 to 1000",
    about: "Jobs of one account at the same time, where its key does not say otherwise.",
  }),
  UPRES_JOBS_MAX_QUEUE: required(whole(1, 1_000_000), "10000", {
    group: "Jobs",
    takes: "1 to 1000000",
    about: "Waiting jobs of one account, where its key does not say otherwise.",
  }),
  UPRES_RESULT_LIFETIME_SECONDS: required(whole(60, 3650 * day), String(7 * day), {
    group: "Jobs",
    takes: "seconds",
    about: "How long results are kept after the end of their job.",
  }),
  UPRES_INPUT_LIFETIME_SECONDS: required(whole(60, 3650 * day), String(day), {
    group: "Jobs",
    takes: "seconds",
    about: "How long uploads and fetched inputs are kept.",
  }),
  UPRES_THREADS: optional(whole(1, 512), {
    group: "Engine",
    takes: "1 to 512",
    about: "Threads of one segment; all cores by default.",
  }),
  UPRES_PROVIDER: required(choice("auto", "cpu", "webgpu", "cuda", "coreml", "dml"), "auto", {
    group: "Engine",
    takes: "auto, cpu, webgpu, cuda, coreml or dml",
    about: "What computes.",
  }),
  UPRES_HOSTED_LIMITS: required(choice("on", "off"), "on", {
    group: "Services stood in for",
    takes: "on or off",
    about:
      "Whether the limits of the services that the APIs come from hold here too: lengths, sizes and https only. off lifts all of them, for people who run their own machine.",
  }),
  UPRES_RUNWAY_MAX_SECONDS: required(whole(1, 1_000_000), "40", {
    group: "Services stood in for",
    takes: "seconds",
    about: "Longest video of the Runway API.",
  }),
  UPRES_RUNWAY_VERSION_HEADER: required(choice("auto", "required", "optional"), "auto", {
    group: "Services stood in for",
    takes: "auto, required or optional",
    about: "Whether the Runway API insists on X-Runway-Version. auto: on its own mount, not on CometAPI's.",
  }),
  UPRES_USEAPI_MAX_SECONDS: required(whole(1, 1_000_000), "40", {
    group: "Services stood in for",
    takes: "seconds",
    about: "Longest video of the useapi.net API.",
  }),
  UPRES_WAVESPEED_MAX_SECONDS: required(whole(1, 1_000_000), "600", {
    group: "Services stood in for",
    takes: "seconds",
    about: "Longest video of the WaveSpeed API.",
  }),
  UPRES_WAVESPEED_SYNC_SECONDS: required(whole(1, 3600), "90", {
    group: "Services stood in for",
    takes: "seconds",
    about: "How long a WaveSpeed call in sync mode waits for its result.",
  }),
  UPRES_RUNWARE_TARGET: required(choice("1080p", "2k", "4k", "next"), "1080p", {
    group: "Services stood in for",
    takes: "1080p, 2k, 4k or next",
    about:
      "Size that the Runware API makes, whose requests name none; larger sources keep theirs. next: the next one above the source.",
  }),
  UPRES_RUNWARE_PRICE_MICROS: required(whole(0, 1_000_000_000), "0", {
    group: "Services stood in for",
    takes: "millionths of a US dollar",
    about: "Price of a second of Runware output.",
  }),
  UPRES_WEBHOOKS_ALLOW: required(ranges, "", {
    group: "Callbacks",
    takes: "addresses and ranges",
    about: "Private addresses that callbacks and results may be sent to; none by default.",
  }),
  UPRES_WEBHOOKS_TIMEOUT_MS: required(whole(100, 600_000), "15000", {
    group: "Callbacks",
    takes: "milliseconds",
    about: "Longest time for one callback.",
  }),
  UPRES_OPEN: required(choice("auto", "always", "never"), "auto", {
    group: "Accounts",
    takes: "auto, always or never",
    about: "Whether calls need a key. auto: not while no key was ever made and only this machine can call.",
  }),
} as const;

export type SettingName = keyof typeof settings;
type SettingValues = { readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value> ? Value : never };

export type Config = ReturnType<typeof shape>;

/** Where a value was given, so that a complaint names it as the user knows it. */
type Given = { readonly value: string; readonly as: string };

export type ReadConfigOptions = {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What the command line says instead, by setting, with the option's own name. */
  readonly flags?: Partial<Record<SettingName, Given>>;
};

/** Reads the settings; the one place that knows the environment.
 *  Throws: AppError `bad_request` that names every problem at once. */
export function readConfig({ environment = process.env, flags = {} }: ReadConfigOptions = {}): Config {
  const problems: string[] = [];
  for (const name of Object.keys(environment)) {
    if (name.startsWith("UPRES_") && !name.startsWith("UPRES_TEST_") && !Object.hasOwn(settings, name))
      problems.push(`${name} is not a setting`);
  }
  const entries = Object.entries(settings).map(([name, setting]) => {
    const flagged = Object.hasOwn(flags, name) ? flags[name as SettingName] : undefined; // a key of settings
    const given: Given | undefined = flagged ?? fromEnvironment(name, environment[name]);
    const written = given?.value ?? setting.byDefault;
    if (written === undefined) return [name, undefined];
    const parsed = (setting.parse as z.ZodType).safeParse(written); // one of many kinds; the type of the whole is given below
    if (!parsed.success) problems.push(`${given?.as ?? name} takes ${setting.takes}${echo(setting, written)}`);
    return [name, parsed.data];
  });
  const values = Object.fromEntries(entries) as SettingValues; // each was read by its own schema
  if (values.UPRES_STORAGE === "s3" && values.UPRES_S3_BUCKET === undefined)
    problems.push("UPRES_STORAGE=s3 needs UPRES_S3_BUCKET");
  if ((values.UPRES_S3_ACCESS_KEY_ID === undefined) !== (values.UPRES_S3_SECRET_ACCESS_KEY === undefined)) {
    problems.push("UPRES_S3_ACCESS_KEY_ID and UPRES_S3_SECRET_ACCESS_KEY go together");
  }
  if (problems.length > 0) throw new AppError("bad_request", `${problems.join("; ")}.`, { details: { problems } });
  return deepFreeze(shape(values));
}

function fromEnvironment(name: string, value: string | undefined): Given | undefined {
  return value === undefined || value === "" ? undefined : { value, as: name };
}

/** A wrong secret is not repeated. */
function echo(setting: (typeof settings)[SettingName], written: string): string {
  return (setting.parse as z.ZodType) === secret ? "" : `, not ${written}`;
}

function shape(values: SettingValues) {
  return {
    server: {
      host: values.UPRES_HOST,
      port: values.UPRES_PORT,
      publicUrl: values.UPRES_PUBLIC_URL?.replace(/\/+$/, ""),
      trustedProxies: values.UPRES_TRUSTED_PROXIES,
      role: values.UPRES_ROLE as ConfigRole,
      logLevel: values.UPRES_LOG_LEVEL,
    },
    data: { folder: resolve(values.UPRES_DATA) },
    database: { url: values.UPRES_DATABASE_URL },
    storage:
      values.UPRES_STORAGE === "disk"
        ? ({ kind: "disk" } as const)
        : ({
            kind: "s3",
            bucket: values.UPRES_S3_BUCKET ?? "",
            endpoint: values.UPRES_S3_ENDPOINT,
            region: values.UPRES_S3_REGION,
            prefix: values.UPRES_S3_PREFIX,
            accessKeyId: values.UPRES_S3_ACCESS_KEY_ID,
            secretAccessKey: values.UPRES_S3_SECRET_ACCESS_KEY,
          } as const),
    fetch: {
      allow: values.UPRES_FETCH_ALLOW,
      maxBytes: values.UPRES_FETCH_MAX_BYTES,
      timeoutMs: values.UPRES_FETCH_TIMEOUT_MS,
    },
    jobs: {
      concurrency: values.UPRES_JOBS_CONCURRENCY,
      perAccountConcurrency: values.UPRES_JOBS_PER_ACCOUNT,
      maxQueueLength: values.UPRES_JOBS_MAX_QUEUE,
      resultLifetimeSeconds: values.UPRES_RESULT_LIFETIME_SECONDS,
      inputLifetimeSeconds: values.UPRES_INPUT_LIFETIME_SECONDS,
    },
    engine: { threads: values.UPRES_THREADS, provider: values.UPRES_PROVIDER },
    hosted: hostedLimits(values),
    webhooks: { allow: values.UPRES_WEBHOOKS_ALLOW, timeoutMs: values.UPRES_WEBHOOKS_TIMEOUT_MS },
    accounts: { open: values.UPRES_OPEN },
  };
}

/** The limits and rules of the services whose APIs are spoken; undefined: none. */
function hostedLimits(values: SettingValues) {
  const holds = values.UPRES_HOSTED_LIMITS === "on";
  return {
    holds,
    runway: {
      maxSeconds: holds ? values.UPRES_RUNWAY_MAX_SECONDS : undefined,
      versionHeader: values.UPRES_RUNWAY_VERSION_HEADER,
    },
    useapi: { maxSeconds: holds ? values.UPRES_USEAPI_MAX_SECONDS : undefined },
    wavespeed: {
      maxSeconds: holds ? values.UPRES_WAVESPEED_MAX_SECONDS : undefined,
      syncSeconds: values.UPRES_WAVESPEED_SYNC_SECONDS,
    },
    runware: { target: values.UPRES_RUNWARE_TARGET, priceMicros: values.UPRES_RUNWARE_PRICE_MICROS },
  };
}

function isAddressRange(range: string): boolean {
  const [address = "", prefix, rest] = range.split("/");
  const family = isIP(address);
  if (family === 0 || rest !== undefined) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const item of Object.values(value)) {
    if (typeof item === "object" && item !== null && !(item instanceof Secret)) deepFreeze(item as object);
  }
  return Object.freeze(value);
}
