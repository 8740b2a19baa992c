import type { DialectParts } from "../dialect-parts.ts";
import type { TargetSetting } from "./decode.ts";

export type RunwareLimits = {
  /** Largest body or frame; videos may lie in it. */
  readonly maxBodyBytes: number;
  /** How long a synchronous task is waited for. */
  readonly syncWaitMs: number;
  /** Silence in both directions after which a connection is closed. */
  readonly idleMs: number;
  /** How long answers that did not reach a client wait for it to come again. */
  readonly replayMs: number;
  /** How long a file that is to be stored may take to come. */
  readonly transferMs: number;
  /** How long stored files are kept after their last use. */
  readonly mediaLifetimeSeconds: number;
  /** Synchronous tasks of one connection that are waited for at the same time. */
  readonly maxWaits: number;
};

const defaultLimits: RunwareLimits = {
  maxBodyBytes: 256 * 1024 ** 2,
  syncWaitMs: 110_000,
  idleMs: 120_000,
  replayMs: 120_000,
  transferMs: 50_000,
  mediaLifetimeSeconds: 30 * 86_400,
  maxWaits: 100,
};

export type RunwareSettings = {
  /** What size a video gets when its task does not say; "next": the next box above the source. */
  readonly target: TargetSetting;
  /** The price of a second of output, in millionths of a US dollar. */
  readonly secondMicros?: number;
  /** Take task UUIDs of other versions than 4. */
  readonly acceptsAnyUuidVersion?: boolean;
  readonly limits?: Partial<RunwareLimits>;
};

export type RunwareParts = DialectParts & RunwareSettings;

/** What the handlers share. */
export type RunwareContext = DialectParts & Required<Omit<RunwareSettings, "limits">> & { readonly limits: RunwareLimits };

export function contextOf(parts: RunwareParts): RunwareContext {
  const { secondMicros = 0, acceptsAnyUuidVersion = false, limits } = parts;
  return { ...parts, secondMicros, acceptsAnyUuidVersion, limits: { ...defaultLimits, ...limits } };
}

/** Who sends a task, and how. */
export type Caller = {
  readonly credential: string | undefined;
  readonly accountId: string;
  readonly publicBase: string;
  /** Tasks are checked and priced, and nothing more. */
  readonly isDryRun: boolean;
};
