import { wavespeedRoutes } from "../../src/dialects/wavespeed/routes.ts";
import type { WavespeedParts } from "../../src/dialects/wavespeed/context.ts";
import { createWavespeedWebhooks } from "../../src/dialects/wavespeed/webhook.ts";
import type { DialectParts } from "../../src/dialects/dialect-parts.ts";
import type { Clock } from "../../src/core/clock.ts";
import { AppError } from "../../src/domain/errors.ts";
import { resolveOutputSize } from "../../src/domain/output-size.ts";
import { type DialectServer, startDialectServer } from "./dialect-server.ts";

export const model = "runwayml/upscale-v1";

/** The hosted service's settings, but for addresses on this machine. */
export const hostedSettings = { maxSeconds: 600, syncSeconds: 90, hostedLimits: true, allowsHttp: true } as const;

export type WavespeedServer = DialectServer & {
  /** A new account's key. */
  readonly newKey: (options?: { readonly usd?: number; readonly requestsPerMinute?: number }) => Promise<string>;
  /** Does what a worker does with the next job, up to the result's bytes: fetches and looks at its video, plans, ends. */
  readonly work: () => Promise<void>;
  /** Ends every job that is not over. */
  readonly clear: () => Promise<void>;
  /** The bare API, with a key of its own. */
  readonly call: (method: string, path: string, options?: RawCall) => Promise<RawReply>;
  readonly settings: Omit<WavespeedParts, keyof DialectParts>;
};

export type RawCall = { readonly key?: string; readonly body?: string | object; readonly headers?: Record<string, string> };
export type RawReply = { readonly status: number; readonly headers: Headers; readonly body: Envelope };
// What the wire holds is each test's own affair.
// oxlint-disable-next-line typescript/no-explicit-any
export type Envelope = { readonly code: number; readonly message: string; readonly data: any };

export type WavespeedServerOptions = {
  readonly clock?: Clock;
  readonly settings?: Partial<WavespeedServer["settings"]>;
  /** Other parts than the server's own. */
  readonly parts?: Partial<DialectParts>;
};

export async function startWavespeedServer(options: WavespeedServerOptions = {}): Promise<WavespeedServer> {
  const settings = { ...hostedSettings, ...options.settings };
  const server = await startDialectServer({
    dialect: "wavespeed",
    routes: (parts) => wavespeedRoutes({ ...parts, ...options.parts, ...settings }),
    webhooks: createWavespeedWebhooks,
    ...(options.clock !== undefined && { clock: options.clock }),
  });
  let ownKey: string | undefined;
  const newKey: WavespeedServer["newKey"] = async ({ usd, requestsPerMinute } = {}) => {
    const { credential } = await server.accounts.createKey({
      name: "test",
      ...(usd !== undefined && { creditsMicros: BigInt(Math.round(usd * 1e6)) }),
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    });
    return credential;
  };
  const call: WavespeedServer["call"] = async (method, path, { key, body, headers } = {}) => {
    const reply = await fetch(`${server.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${key ?? (ownKey ??= await newKey())}`, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Envelope };
  };
  return Object.assign(server, { newKey, call, settings, work: () => work(server), clear: () => clear(server) });
}

async function work({ driver, parts, jobs }: DialectServer): Promise<void> {
  const claim = await driver.start();
  try {
    const { facts } = await parts.inspectSource(claim.job.source, { timeoutMs: 60_000 });
    const { kind, size, durationSeconds } = facts;
    if (kind !== "video" || size === undefined) throw new AppError("no_video", "The file holds no video.");
    const { width, height } = resolveOutputSize(size, claim.job.request.target);
    await jobs.recordPlan(claim, { durationSeconds, width, height });
    await driver.succeed(claim, { durationSeconds, width, height });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await driver.fail(claim, { code: error.code, message: error.message, details: error.details });
  }
}

async function clear({ database, jobs }: DialectServer): Promise<void> {
  const left = await database.query<{ id: string; account_id: string }>(
    "select id, account_id from jobs where state in ('queued', 'running')",
  );
  for (const { id, account_id: accountId } of left) await jobs.cancel(accountId, id);
}
