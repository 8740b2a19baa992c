import { z } from "zod";
import { createApp } from "../app.ts";
import type { Config } from "../config.ts";
import { silentLogger } from "../core/logger.ts";
import { AppError } from "../domain/errors.ts";
import { type ControlFile, readControlFile } from "../server/control-file.ts";
import { controlHeader } from "../server/control-routes.ts";
import {
  CreatedKeyDocument,
  DeliveryLine,
  encodeDelivery,
  encodeGrant,
  encodeJobLine,
  encodeKey,
  GrantDocument,
  JobLine,
  KeyDocument,
  type NewKeyDocument,
  toNewKey,
} from "../server/control-wire.ts";

/** What the operator's commands do, with a running server or without one. */
export interface Operator extends AsyncDisposable {
  createKey(key: z.infer<typeof NewKeyDocument>): Promise<CreatedKeyDocument>;
  listKeys(): Promise<readonly KeyDocument[]>;
  revokeKey(id: string): Promise<boolean>;
  /** Undefined when there is no such account or key.  Throws: AppError `bad_request` for an account without a limit. */
  grantCredits(accountOrKeyId: string, micros: bigint): Promise<GrantDocument | undefined>;
  listJobs(): Promise<readonly JobLine[]>;
  listDeliveries(): Promise<readonly DeliveryLine[]>;
  resendDelivery(id: string): Promise<boolean>;
}

const mostListed = 200;

/** Asks the server that has the data folder open, since an embedded database has one user; opens the database itself
 *  where there is none, or where many may use it. */
export async function openOperator(config: Config): Promise<Operator> {
  const file = config.database.url === undefined ? await readControlFile(config.data.folder) : undefined;
  if (file !== undefined && (await answers(file))) return remoteOperator(file);
  return await localOperator(config);
}

async function localOperator(config: Config): Promise<Operator> {
  const app = await createApp(config, { role: "control", logger: silentLogger });
  const { control } = app;
  return {
    createKey: async (wanted) => {
      const { key, credential } = await control.createKey(toNewKey(wanted));
      return { id: key.id, account_id: key.accountId, name: key.name, key: credential };
    },
    listKeys: async () => (await control.listKeys()).map(encodeKey),
    revokeKey: (id) => control.revokeKey(id),
    grantCredits: async (accountOrKeyId, micros) => {
      const granted = await control.grantCredits(accountOrKeyId, micros);
      return granted === undefined ? undefined : encodeGrant(granted);
    },
    listJobs: async () => (await control.listJobs(mostListed)).map(encodeJobLine),
    listDeliveries: async () => (await control.listDeliveries(mostListed)).map(encodeDelivery),
    resendDelivery: (id) => control.resendDelivery(id),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

function remoteOperator(file: ControlFile): Operator {
  const call = async <Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    body?: object,
  ): Promise<z.infer<Schema>> => {
    const response = await fetch(new URL(`/control/${path}`, file.url), {
      method,
      headers: { [controlHeader]: file.token, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw refusal(answer);
    return schema.parse(answer);
  };
  return {
    createKey: (key) => call(CreatedKeyDocument, "POST", "keys", key),
    listKeys: async () => (await call(z.object({ keys: z.array(KeyDocument) }), "GET", "keys")).keys,
    revokeKey: async (id) => (await call(z.object({ revoked: z.boolean() }), "DELETE", `keys/${encodeURIComponent(id)}`)).revoked,
    grantCredits: async (accountOrKeyId, micros) => {
      const body = { account_or_key_id: accountOrKeyId, micros: String(micros) };
      return (await call(z.object({ granted: GrantDocument.nullable() }), "POST", "grants", body)).granted ?? undefined;
    },
    listJobs: async () => (await call(z.object({ jobs: z.array(JobLine) }), "GET", "jobs")).jobs,
    listDeliveries: async () => (await call(z.object({ deliveries: z.array(DeliveryLine) }), "GET", "deliveries")).deliveries,
    resendDelivery: async (id) =>
      (await call(z.object({ sent: z.boolean() }), "POST", `deliveries/${encodeURIComponent(id)}/resend`)).sent,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Whether the server that left the file still runs and has the token it says. */
async function answers({ url, token }: ControlFile): Promise<boolean> {
  try {
    const response = await fetch(new URL("/control/keys", url), {
      headers: { [controlHeader]: token },
      signal: AbortSignal.timeout(5_000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // left by a server that was killed: nobody listens there
  }
}

const Refusal = z.object({ error: z.object({ message: z.string() }) });

function refusal(answer: unknown): AppError {
  const told = Refusal.safeParse(answer);
  return new AppError("bad_request", told.data?.error.message ?? "The server gave an answer that was not understood.");
}
