/** Whose jobs, uploads and credits they are. Limits are undefined where the operator's settings hold. */
export type Account = {
  readonly id: string;
  readonly name: string;
  readonly hasCreditLimit: boolean;
  readonly maxConcurrentJobs: number | undefined;
  readonly maxQueueLength: number | undefined;
  readonly requestsPerMinute: number | undefined;
};

/** Whose call it is, and with what key. */
export type Caller = Account & {
  /** Whether the key may see and change what is everyone's. */
  readonly isAdmin: boolean;
};

/** The account of whoever uses a server that asks for no key. */
export const localAccountId = "local";

export type ApiKey = {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly createdAt: Date;
  readonly revokedAt: Date | undefined;
};

/** An account's key with what is left of its credits; `balanceMicros` is undefined without a limit. */
export type ListedKey = ApiKey & { readonly account: Account; readonly balanceMicros: bigint | undefined };

export type NewKey = {
  readonly name: string;
  /** May see and change what is everyone's. */
  readonly isAdmin?: boolean;
  /** An existing account; left out, the key gets one of its own with the limits below. */
  readonly accountId?: string;
  /** Left out: no limit. */
  readonly creditsMicros?: bigint;
  readonly maxConcurrentJobs?: number;
  readonly maxQueueLength?: number;
  readonly requestsPerMinute?: number;
};
