import type { Readable } from "node:stream";
import type { DialectParts } from "../dialect-parts.ts";

export type RunwayParts = DialectParts & {
  /** Longest video that is taken; undefined: any. */
  readonly maxSeconds: number | undefined;
  /** Whether calls must name the API's version. "auto": on the native mount only. */
  readonly versionHeader: "auto" | "required" | "optional";
  /** Sources must be what the hosted service takes: https, from a domain, of its types, sizes and sides. */
  readonly hostedLimits: boolean;
  /** Sources may come by plain http and from a bare address, though all other limits hold. */
  readonly allowsHttp: boolean;
  /** Tasks of one account within any 24 hours; undefined: any number. */
  readonly dailyLimit: number | undefined;
  /** Asked with every address before a source is fetched from it: the operator's guard. */
  readonly allowAddress: (address: string) => boolean;
  /** For fetching a source and looking at it, together. */
  readonly sourceTimeoutMs?: number;
  /** The model is taken out of service: creates are refused, everything else goes on. */
  readonly isSwitchedOff?: boolean;
};

/** What the handlers share: the parts, and what follows from the settings. */
export type RunwayContext = RunwayParts & { readonly limits: SourceLimits; readonly sourceTimeoutMs: number };

export type SourceLimits = {
  readonly allowsHttp: boolean;
  /** Of a file that is fetched. */
  readonly maxUrlBytes: number;
  readonly minUploadBytes: number;
  readonly maxUploadBytes: number;
  readonly maxDataUriCharacters: number;
  /** Each side of the picture is smaller than that, in pixels. */
  readonly sideBelow: number;
  readonly maxRedirects: number;
  /** Only the hosted service's media types are taken. */
  readonly checksTypes: boolean;
};

const mebibyte = 1024 ** 2;
const ownTimeoutMs = 10_000;

export function createContext(parts: RunwayParts): RunwayContext {
  return { ...parts, limits: limitsOf(parts), sourceTimeoutMs: parts.sourceTimeoutMs ?? ownTimeoutMs };
}

function limitsOf({ hostedLimits, allowsHttp, maxUploadBytes }: RunwayParts): SourceLimits {
  if (!hostedLimits) {
    return {
      allowsHttp: true,
      maxUrlBytes: maxUploadBytes,
      minUploadBytes: 0,
      maxUploadBytes,
      maxDataUriCharacters: 64 * mebibyte,
      sideBelow: Infinity,
      maxRedirects: 5,
      checksTypes: false,
    };
  }
  return {
    allowsHttp,
    maxUrlBytes: Math.min(32 * mebibyte, maxUploadBytes),
    minUploadBytes: 512,
    maxUploadBytes: Math.min(200 * mebibyte, maxUploadBytes),
    maxDataUriCharacters: 16 * mebibyte,
    sideBelow: 4096,
    maxRedirects: 0,
    checksTypes: true,
  };
}

/** The vendor's own paths, or those of the gateway that sells it. */
export type Mount = "native" | "gateway";

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export type RunwayRequest = {
  readonly mount: Mount;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Readable;
  readonly publicBase: string;
  /** The last part of the path where it names a task. */
  readonly taskId: string;
};

/** A request whose sender is known. */
export type RunwayCall = RunwayRequest & { readonly accountId: string };

export function header({ headers }: Pick<RunwayRequest, "headers">, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}
