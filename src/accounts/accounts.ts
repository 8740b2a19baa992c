import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../domain/errors.ts";
import { type AccountRow, accountColumns, type KeyRow, toAccount } from "./account-rows.ts";
import { type AccountLimits, type AccountOverview, listAccounts, setLimits } from "./account-limits.ts";
import { type Account, type ApiKey, type Caller, type ListedKey, localAccountId, type NewKey } from "./account.ts";
import { formatCredential, hashSecret, isSecretOf, parseCredential } from "./credential.ts";
import { CreditLedger } from "./credit-ledger.ts";
import { grantCredits, type GrantedCredits } from "./grant-credits.ts";
import { RequestRate } from "./request-rate.ts";

export type AccountsParts = {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Buffer;
  /** "auto": no key is needed while none was ever made. */
  readonly open?: "auto" | "always" | "never";
  /** Of the installation's own key, which speaks for this machine's account and may do everything; left out: there is none. */
  readonly operatorSecret?: Uint8Array;
  /** Whether no other process makes keys, so that what was read once about them holds. */
  readonly isSoleWriter?: boolean;
};

export type CreatedKey = { readonly key: ApiKey; readonly account: Caller; /** Shown once. */ readonly credential: string };

/** Who is calling, what they may, and what they have paid. */
export interface Accounts {
  readonly ledger: CreditLedger;
  /** Whose key it is; undefined where it is nobody's. Only calls that `count` use up the key's requests per minute.
   *  Throws: AppError `rate_limited`, with `retryAfterSeconds` in its details. */
  identify(credential: string | undefined, options?: { readonly counts?: boolean }): Promise<Caller | undefined>;
  /** The installation's own key, for whoever may read its settings. */
  readonly operatorCredential: string | undefined;
  /** Whether calls need no key now. */
  isOpen(): Promise<boolean>;
  get(accountId: string, database?: Database): Promise<Account | undefined>;
  /** Every account, the oldest first. */
  list(): Promise<readonly Account[]>;
  /** Every account with its keys, credits and unfinished jobs, the oldest first. */
  overview(): Promise<readonly AccountOverview[]>;
  /** Changes what is given; undefined where there is no such account. Keys know it within seconds. */
  setLimits(accountId: string, limits: AccountLimits): Promise<Account | undefined>;
  createKey(key: NewKey): Promise<CreatedKey>;
  listKeys(): Promise<readonly ListedKey[]>;
  /** False when there is no such key. A revoked key stays in the list. */
  revokeKey(id: string): Promise<boolean>;
  /** Adds to the credits of an account, named by its id or by one of its keys'; undefined where there is none.
   *  Throws: AppError `bad_request` for an account without a limit, and for nothing. */
  grantCredits(accountOrKeyId: string, micros: bigint): Promise<GrantedCredits | undefined>;
}

/** A revoked key works in other processes for at most this long. */
const keyCacheMs = 2_000;
const mostCachedKeys = 10_000;

type KnownKey = { readonly keyId: string; readonly secretHash: Uint8Array; readonly account: Caller; readonly untilMs: number };

/** Names the installation's own key. */
const operatorKeyId = "00000000-0000-4000-8000-000000000000";

/** Keeps accounts, keys and credits in the database. */
export function createAccounts(parts: AccountsParts): Accounts {
  const { database, clock, randomBytes, open = "auto", isSoleWriter = false, operatorSecret } = parts;
  const ledger = new CreditLedger(clock);
  const rate = new RequestRate(clock);
  const known = new Map<string, KnownKey>();
  let hasKeys = false;
  let knowsOfNoKey = false;

  const isOpen = async (): Promise<boolean> => {
    if (open !== "auto") return open === "always";
    if (hasKeys) return false;
    if (isSoleWriter && knowsOfNoKey) return true;
    const [row] = await database.query<{ found: boolean }>("select exists (select 1 from api_keys) as found");
    hasKeys = row?.found === true; // a key that was made once closes the server for good
    knowsOfNoKey = !hasKeys;
    return knowsOfNoKey;
  };

  const findKey = async (id: string): Promise<KnownKey | undefined> => {
    const nowMs = clock.now().getTime();
    const cached = known.get(id);
    if (cached !== undefined && cached.untilMs > nowMs) return cached;
    known.delete(id);
    const [row] = await database.query<AccountRow & { secret_hash: Uint8Array; is_admin: boolean }>(
      `select k.secret_hash, k.is_admin, ${accountColumns} from api_keys k join accounts a on a.id = k.account_id
       where k.id = $1 and k.revoked_at is null`,
      [id],
    );
    if (row === undefined) return undefined;
    const account = { ...toAccount(row), isAdmin: row.is_admin };
    const found = { keyId: id, secretHash: row.secret_hash, account, untilMs: nowMs + keyCacheMs };
    if (known.size >= mostCachedKeys) known.clear();
    known.set(id, found);
    return found;
  };

  const get = async (accountId: string, where: Database = database): Promise<Account | undefined> => {
    const [row] = await where.query<AccountRow>(`select ${accountColumns} from accounts a where a.id = $1`, [accountId]);
    return row === undefined ? undefined : toAccount(row);
  };

  const list = async (): Promise<readonly Account[]> => {
    const rows = await database.query<AccountRow>(`select ${accountColumns} from accounts a order by a.created_at, a.id`);
    return rows.map(toAccount);
  };

  const operatorText = operatorSecret === undefined ? undefined : Buffer.from(operatorSecret).toString("base64url");
  const operatorHash = operatorText === undefined ? undefined : hashSecret(operatorText);

  const identify = async (text: string | undefined, { counts = true } = {}): Promise<Caller | undefined> => {
    const credential = text === undefined ? undefined : parseCredential(text);
    if (credential?.id === operatorKeyId && operatorHash !== undefined && isSecretOf(credential.secret, operatorHash)) {
      return { ...(await localAccount()), isAdmin: true };
    }
    const key = credential === undefined ? undefined : await findKey(credential.id);
    if (key !== undefined && credential !== undefined && isSecretOf(credential.secret, key.secretHash)) {
      const { requestsPerMinute } = key.account;
      const refused = requestsPerMinute === undefined || !counts ? undefined : rate.take(key.keyId, requestsPerMinute);
      if (refused === undefined) return key.account;
      throw new AppError("rate_limited", `This key may be used ${requestsPerMinute} times a minute; wait a little.`, {
        details: { ...refused },
        retryable: true,
      });
    }
    return (await isOpen()) ? { ...(await localAccount()), isAdmin: false } : undefined;
  };

  let local: Account | undefined;
  const localAccount = async (): Promise<Account> => {
    local ??= await get(localAccountId);
    if (local === undefined) throw new AppError("internal", "The account of this machine is missing from the database.");
    return local;
  };

  const createKey = async (wanted: NewKey): Promise<CreatedKey> => {
    const secret = randomBytes(32).toString("base64url");
    const id = uuidFrom(randomBytes(16));
    const isAdmin = wanted.isAdmin ?? false;
    const createdAt = clock.now();
    const account = await database.transaction(async (transaction) => {
      const accountId = wanted.accountId ?? uuidFrom(randomBytes(16));
      if (wanted.accountId === undefined) await insertAccount(transaction, accountId, wanted, createdAt);
      const [row] = await transaction.query<AccountRow>(`select ${accountColumns} from accounts a where a.id = $1`, [accountId]);
      if (row === undefined)
        throw new AppError("bad_request", `There is no account ${accountId}; \`upres keys list\` shows them.`);
      await transaction.query(
        "insert into api_keys (id, account_id, name, secret_hash, is_admin, created_at) values ($1, $2, $3, $4, $5, $6)",
        [id, accountId, wanted.name, hashSecret(secret), isAdmin, createdAt],
      );
      const micros = wanted.creditsMicros ?? 0n;
      if (micros > 0n) await ledger.grant(accountId, micros, transaction);
      return toAccount(row);
    });
    hasKeys = true;
    const key = { id, accountId: account.id, name: wanted.name, isAdmin, createdAt, revokedAt: undefined };
    return { key, account: { ...account, isAdmin }, credential: formatCredential({ id, secret }) };
  };

  const listKeys = async (): Promise<readonly ListedKey[]> => {
    const rows = await database.query<AccountRow & KeyRow>(
      `select k.id as key_id, k.name as key_name, k.created_at as key_created_at, k.revoked_at, k.is_admin as key_is_admin, ${accountColumns},
              (select coalesce(sum(e.amount_micros), 0)::text from credit_entries e where e.account_id = a.id) as balance
       from api_keys k join accounts a on a.id = k.account_id order by k.created_at, k.id`,
    );
    return rows.map((row) => {
      const account = toAccount(row);
      return {
        id: row.key_id,
        accountId: account.id,
        name: row.key_name,
        isAdmin: row.key_is_admin,
        createdAt: row.key_created_at,
        revokedAt: row.revoked_at ?? undefined,
        account,
        balanceMicros: account.hasCreditLimit ? BigInt(row.balance) : undefined,
      };
    });
  };

  const revokeKey = async (id: string): Promise<boolean> => {
    if (!uuidShape.test(id)) return false;
    known.delete(id.toLowerCase());
    const rows = await database.query("update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning id", [
      id,
      clock.now(),
    ]);
    return rows.length > 0;
  };

  return {
    ledger,
    identify,
    isOpen,
    get,
    list,
    createKey,
    listKeys,
    revokeKey,
    operatorCredential: operatorText === undefined ? undefined : formatCredential({ id: operatorKeyId, secret: operatorText }),
    overview: () => listAccounts(database),
    setLimits: async (accountId, limits) => {
      const account = await setLimits(database, accountId, limits);
      known.clear();
      if (accountId === localAccountId) local = account;
      return account;
    },
    grantCredits: (accountOrKeyId, micros) => grantCredits(accountOrKeyId, micros, { database, ledger }),
  };
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function insertAccount(database: Database, id: string, key: NewKey, createdAt: Date): Promise<void> {
  await database.query(
    `insert into accounts (id, name, created_at, has_credit_limit, max_concurrent_jobs, max_queue_length, requests_per_minute)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      key.name,
      createdAt,
      key.creditsMicros !== undefined,
      key.maxConcurrentJobs ?? null,
      key.maxQueueLength ?? null,
      key.requestsPerMinute ?? null,
    ],
  );
}

/** A version 4 UUID of 16 random bytes. */
function uuidFrom(bytes: Buffer): string {
  const copy = Buffer.from(bytes);
  copy[6] = ((copy[6] ?? 0) & 0x0f) | 0x40;
  copy[8] = ((copy[8] ?? 0) & 0x3f) | 0x80;
  const hex = copy.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
