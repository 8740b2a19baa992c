import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../domain/errors.ts";

const name = "signing_key";

/** The Ed25519 key of this installation, made on first use and kept in the database, so that every machine signs alike.
 *  Throws: AppError `internal` when what is kept there is no key. */
export async function loadInstallationKey(database: Database, clock: Clock): Promise<KeyObject> {
  const made = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" });
  await database.query("insert into server_secrets (name, value, created_at) values ($1, $2, $3) on conflict (name) do nothing", [
    name,
    made,
    clock.now(),
  ]);
  const [row] = await database.query<{ value: Uint8Array }>("select value from server_secrets where name = $1", [name]);
  try {
    return createPrivateKey({ key: Buffer.from(row?.value ?? []), type: "pkcs8", format: "der" });
  } catch (cause) {
    throw new AppError("internal", "The signing key in the database is damaged; delete its row to have a new one made.", {
      cause,
    });
  }
}
