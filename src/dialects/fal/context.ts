import type { Readable } from "node:stream";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { Database } from "../../db/database.ts";
import type { DialectName } from "../../domain/job.ts";
import type { SigningKey, WebhookMessage } from "../../domain/webhook.ts";
import type { JobService } from "../../jobs/job-service.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import type { LogicalHost } from "./hosts.ts";

export type FalLimits = {
  /** Largest JSON body; data URIs lie in it. */
  readonly maxBodyBytes: number;
  readonly maxUploadBytes: number;
  /** How long uploads are kept where the caller does not say. */
  readonly uploadLifetimeSeconds: number;
  /** How long results are kept where the caller does not say. */
  readonly resultLifetimeSeconds: number;
  /** Silence after which a status stream sends a comment. */
  readonly keepAliveMs: number;
  /** How long the job of a synchronous caller who left waits for the same call to come again. */
  readonly reattachMs: number;
};

export const defaultFalLimits: FalLimits = {
  maxBodyBytes: 64 * 1024 ** 2,
  maxUploadBytes: 8 * 1024 ** 3,
  uploadLifetimeSeconds: 86_400,
  resultLifetimeSeconds: 7 * 86_400,
  keepAliveMs: 15_000,
  reattachMs: 5_000,
};

export type FalParts = {
  readonly jobs: JobService;
  readonly database: Database;
  /** Whose key it is; undefined where it is nobody's. A rate limit counts calls that make work (`counts`), not polls.
   *  Throws: AppError `rate_limited`. */
  readonly authenticate: (
    credential: string | undefined,
    options: { readonly counts: boolean },
  ) => Promise<{ readonly accountId: string } | undefined>;
  readonly store: ObjectStore;
  /** Files are served under `<public base>/files/<token>/<name>`. */
  readonly links: SignedLinks;
  /** How the caller of a request reaches this server, or what the operator says; no slash at the end. */
  readonly publicBaseOf: (request: IncomingRequest) => string;
  readonly signingKey: SigningKey;
  /** Tells the webhook of a request that no job ever ran for, in the transaction that records it. */
  readonly tell: (
    database: Database,
    delivery: {
      readonly jobId: string;
      readonly accountId: string;
      readonly dialect: DialectName;
      readonly url: string;
      readonly message: WebhookMessage;
    },
  ) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<FalLimits>;
};

/** What a base may be made from; a Fastify request is one. */
export type IncomingRequest = { readonly headers: Headers; readonly protocol: string; readonly host: string };

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** One request, whichever of the three ways it came in. */
export type FalRequest = {
  readonly method: string;
  readonly host: LogicalHost;
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Readable;
  readonly publicBase: string;
  /** Aborts when the caller goes away before the reply has ended. */
  readonly disconnected: AbortSignal;
};

/** What the handlers share beside the parts. */
export type FalContext = Omit<FalParts, "limits"> & { readonly limits: FalLimits };

export function header({ headers }: Pick<FalRequest, "headers">, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}
