import { AppError } from "../domain/errors.ts";
import { isLocalName } from "./auth.ts";

export type Exposure = {
  readonly host: string;
  readonly publicUrl: string | undefined;
  readonly isOpen: boolean;
  readonly isForced: boolean;
};

/** Throws: AppError `bad_request` when others could use a server that asks for no key. */
export function refuseOpenToOthers({ host, publicUrl, isOpen, isForced }: Exposure): void {
  if (!isOpen || isForced) return;
  const isReachable = !isLoopback(host) || (publicUrl !== undefined && !isLoopback(URL.parse(publicUrl)?.hostname ?? ""));
  if (!isReachable) return;
  throw new AppError(
    "bad_request",
    `Anyone who reaches ${publicUrl ?? host} could use this server, since it has no keys yet; ` +
      "make one with `upres keys create`, or allow it with --force-open.",
  );
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return (
    name === "localhost" ||
    name === "::1" ||
    /^127(\.\d{1,3}){3}$/.test(name) ||
    (isLocalName(name) && name.endsWith(".localhost"))
  );
}

/** The names that a server for this machine only answers to beside its own: its public one, and those of the services that
 *  it stands in for. Undefined: every name, on a server that others may reach. */
export function ownNames(
  { host, publicUrl }: Pick<Exposure, "host" | "publicUrl">,
  isHostedBase: (base: string) => boolean,
): ((hostname: string) => boolean) | undefined {
  if (!isLoopback(host)) return undefined;
  const publicName = publicUrl === undefined ? undefined : URL.parse(publicUrl)?.hostname;
  return (name) => name === publicName || isHostedBase(`http://${name}`);
}
