import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Database } from "../db/database.ts";
import type { InspectSource } from "../domain/source-facts.ts";
import type { SigningKey } from "../domain/webhook.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { JobService } from "../jobs/job-service.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { SignedLinks } from "../storage/signed-links.ts";

/** What a caller may and has, as far as dialects tell it. */
export type AccountFacts = {
  readonly accountId: string;
  /** Jobs of it that run at the same time. */
  readonly maxConcurrentJobs: number;
  /** What is left to spend; undefined: not limited. */
  readonly balanceMicros: bigint | undefined;
};

/** The inside, as a dialect sees it. */
export type DialectParts = {
  readonly jobs: JobService;
  /** For a dialect's own tables. */
  readonly database: Database;
  /** Whose key it is; undefined where it is nobody's. A rate limit counts calls that make work (`counts`), not polls.
   *  Throws: AppError `rate_limited`, with `retryAfterSeconds` in its details. */
  readonly authenticate: (
    credential: string | undefined,
    options: { readonly counts: boolean },
  ) => Promise<{ readonly accountId: string } | undefined>;
  readonly accountFacts: (accountId: string) => Promise<AccountFacts>;
  readonly store: ObjectStore;
  readonly ingest: Pick<Ingest, "storeUpload">;
  readonly inspectSource: InspectSource;
  /** The store's key behind a link that this installation has signed; undefined for any other address.
   *  Throws: AppError `object_not_found` when the link has expired. */
  readonly ownUrlToKey: (url: URL) => string | undefined;
  /** Files are served under `<public base>/files/<token>/<name>`. */
  readonly links: SignedLinks;
  /** How the caller of a request reaches this server, or what the operator says; no slash at the end. A Fastify request
   *  is one. */
  readonly publicBaseOf: (request: { readonly protocol: string; readonly host: string }) => string;
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the process is about to end: streams and long requests end then. */
  readonly closing: AbortSignal;
  readonly maxUploadBytes: number;
  /** How long uploads are kept where the caller does not say. */
  readonly inputLifetimeSeconds: number;
  /** How long results are kept where the caller does not say. */
  readonly resultLifetimeSeconds: number;
};
