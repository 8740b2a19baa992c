/** What the hosted service spreads over host names, and this server over mounts. */
export const logicalHosts = ["run", "queue", "rest", "cdn", "site", "api"] as const;
export type LogicalHost = (typeof logicalHosts)[number];

const hostedNames: Readonly<Record<string, LogicalHost>> = {
  "fal.run": "run",
  "queue.fal.run": "queue",
  "rest.fal.ai": "rest",
  "rest.alpha.fal.ai": "rest",
  "v3.fal.media": "cdn",
  "v3b.fal.media": "cdn",
  "fal.ai": "site",
  "api.fal.ai": "api",
};

const firstNames: Readonly<Record<LogicalHost, string>> = {
  run: "fal.run",
  queue: "queue.fal.run",
  rest: "rest.fal.ai",
  cdn: "v3.fal.media",
  site: "fal.ai",
  api: "api.fal.ai",
};

export type RoutedPath = {
  readonly host: LogicalHost;
  /** Decoded, without empty segments at the ends. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
};

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The URL under the mounts for a request that was sent to one of the hosted names; files are at the server's root.
 *  Others stay as they are. */
export function falHostRewrite(headers: Headers, url: string): string {
  const host = hostOf(single(headers["host"]));
  const mounted = host === undefined ? url : `/fal/${host}${url.startsWith("/") ? url : `/${url}`}`;
  const file = /^\/fal\/cdn(\/files\/(?!upload\/)[^/?]+\/[^/?]+)\/?(\?.*)?$/.exec(mounted);
  return file === null ? mounted : `${file[1] ?? ""}${file[2] ?? ""}`;
}

/** Whether a base is one of the hosted names: then URLs handed out name the hosted hosts too. */
export function hasHostedName(base: string): boolean {
  return hostOf(URL.parse(base)?.host) !== undefined;
}

/** The base of URLs of one logical host, as the caller reaches it. */
export function baseOf(publicBase: string, host: LogicalHost): string {
  return hasHostedName(publicBase) ? `https://${firstNames[host]}` : `${publicBase.replace(/\/+$/, "")}/fal/${host}`;
}

/** Where a path below `/fal/` leads, "proxy" for the proxy endpoint, undefined for nowhere. */
export function routePath(url: string): RoutedPath | "proxy" | undefined {
  const parsed = URL.parse(url, "http://host");
  if (parsed === null) return undefined;
  const segments = decodeSegments(parsed.pathname);
  if (segments?.[0] !== "fal") return undefined;
  const [, host, ...rest] = segments;
  if (host === "proxy" && rest.length === 0) return "proxy";
  const known = logicalHosts.find((name) => name === host);
  return known === undefined ? undefined : { host: known, segments: rest, query: parsed.searchParams };
}

/** Where the target of a proxied request leads; it is a routing key and never fetched. */
export function routeTarget(target: string | undefined): RoutedPath | undefined {
  const url = target === undefined ? null : URL.parse(target);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  const host = hostOf(url.host);
  if (host === undefined) return undefined;
  const segments = decodeSegments(url.pathname);
  return segments === undefined ? undefined : { host, segments, query: url.searchParams };
}

function hostOf(name: string | undefined): LogicalHost | undefined {
  const bare = name?.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
  return bare !== undefined && Object.hasOwn(hostedNames, bare) ? hostedNames[bare] : undefined;
}

function decodeSegments(pathname: string): readonly string[] | undefined {
  try {
    return pathname
      .replace(/^\/+|\/+$/g, "")
      .split("/")
      .map(decodeURIComponent);
  } catch {
    return undefined; // a percent sign that begins no escape
  }
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
