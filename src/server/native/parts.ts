import type { Accounts } from "../../accounts/accounts.ts";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { SigningKey } from "../../domain/webhook.ts";
import type { DeliveryService } from "../../delivery/create-delivery.ts";
import type { Ingest } from "../../ingest/ingest.ts";
import type { JobService } from "../../jobs/job-service.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import type { PriceSettings } from "../../domain/pricing.ts";
import type { Tier } from "../../domain/upscale-request.ts";
import type { JobCounts } from "../../jobs/job-runner.ts";
import type { PastWork } from "../../jobs/past-work.ts";
import type { Viewer } from "../../worker/viewer.ts";
import type { LocalFiles } from "../local-files.ts";
import type { JobFeed } from "../../jobs/change-feed.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import type { TusStore } from "../../storage/tus-store.ts";

/** What the native API works with. */
export type NativeParts = {
  readonly version: string;
  readonly jobs: JobService;
  readonly accounts: Accounts;
  /** What was measured of a job's result; undefined while there is none. */
  readonly report: (jobId: string) => Promise<unknown>;
  readonly deliveries: Pick<DeliveryService, "list" | "resend">;
  readonly store: ObjectStore;
  readonly links: SignedLinks;
  readonly ingest: Ingest;
  /** Uploads that are not whole yet. */
  readonly tus: TusStore;
  /** Signs callbacks. */
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Under which address the caller reaches the server, without a slash at the end. */
  readonly publicBaseOf: (request: { readonly protocol: string; readonly host: string }) => string;
  /** Aborted when the server closes: streams end then. */
  readonly closing: AbortSignal;
  readonly limits: {
    readonly maxUploadBytes: number;
    readonly resultLifetimeSeconds: number;
    readonly inputLifetimeSeconds: number;
  };
  /** Looks at videos in processes of its own. */
  readonly viewer: Viewer;
  readonly localFiles: LocalFiles;
  readonly feed: JobFeed;
  readonly balance: (accountId: string) => Promise<bigint>;
  readonly queueCounts: () => Promise<JobCounts>;
  /** The latest jobs of a tier that succeeded here. */
  readonly pastWork: (tier: Tier, limit: number) => Promise<readonly PastWork[]>;
  /** Keys of stored files that unfinished jobs still read. */
  readonly sourcesInUse: () => Promise<ReadonlySet<string>>;
  readonly prices: PriceSettings;
  readonly engineThreads: number;
  /** For files that exist during one request. */
  readonly temporaryFolder: string;
};
