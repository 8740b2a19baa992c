import type { Clock } from "../../src/core/clock.ts";
import { createAddressGuard } from "../../src/core/address.ts";
import type { DialectParts } from "../../src/dialects/dialect-parts.ts";
import type { RunwayParts } from "../../src/dialects/runway/context.ts";
import { runwayRoutes } from "../../src/dialects/runway/routes.ts";
import { type DialectServer, startDialectServer } from "./dialect-server.ts";

export type RunwaySettings = Partial<Omit<RunwayParts, keyof DialectParts>> & {
  readonly maxSeconds?: number | undefined;
  readonly clock?: Clock;
  readonly concurrency?: number;
  /** Stands in for some of the inside. */
  readonly replace?: (parts: DialectParts) => Partial<DialectParts>;
};

export type RunwayServer = DialectServer & {
  /** Makes an account with one key. */
  account(credits?: number): Promise<{ readonly id: string; readonly key: string }>;
};

/** The dialect as the app sets it up, but for sources, which may lie on this machine. */
export async function startRunwayServer(settings: RunwaySettings = {}): Promise<RunwayServer> {
  const { clock, concurrency, replace, ...own } = settings;
  const server = await startDialectServer({
    dialect: "runway",
    ...(clock !== undefined && { clock }),
    ...(concurrency !== undefined && { concurrency }),
    routes: (parts) =>
      runwayRoutes({
        ...parts,
        ...replace?.(parts),
        maxSeconds: 40,
        versionHeader: "auto",
        hostedLimits: true,
        allowsHttp: true,
        dailyLimit: undefined,
        allowAddress: createAddressGuard(["127.0.0.0/8"]),
        // The machine that tests run on may be slow.
        sourceTimeoutMs: 60_000,
        ...own,
      }),
  });
  let accounts = 0;
  const account = async (credits?: number): Promise<{ id: string; key: string }> => {
    accounts += 1;
    const creditsMicros = credits === undefined ? undefined : BigInt(credits) * 10_000n;
    const made = await server.accounts.createKey({
      name: `account ${accounts}`,
      ...(creditsMicros !== undefined && { creditsMicros }),
    });
    return { id: made.account.id, key: made.credential };
  };
  return { ...server, account };
}
