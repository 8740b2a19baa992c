import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Multipart } from "@fastify/multipart";
import type { DialectParts } from "../dialect-parts.ts";

export type WavespeedParts = DialectParts & {
  /** Longest video; undefined: any length. */
  readonly maxSeconds: number | undefined;
  /** How long a submit in sync mode waits for the end of the task. */
  readonly syncSeconds: number;
  /** The hosted service's rules: https only, and uploads of at most 200 MiB. */
  readonly hostedLimits: boolean;
  /** Takes http sources and webhook targets in spite of the hosted rules. */
  readonly allowsHttp: boolean;
};

/** One request, however it came in. */
export type WavespeedRequest = {
  readonly method: string;
  /** Below `/api/`, without slashes at the ends: "v3/predictions". */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** The parts of a multipart body; undefined for any other. */
  readonly parts: (() => AsyncIterableIterator<Multipart>) | undefined;
  readonly publicBase: string;
  /** Aborts when the caller goes away before the reply has ended. */
  readonly disconnected: AbortSignal;
};

/** An authenticated request. */
export type Call = { readonly request: WavespeedRequest; readonly accountId: string; readonly parts: WavespeedParts };

export function takesHttp({ hostedLimits, allowsHttp }: Pick<WavespeedParts, "hostedLimits" | "allowsHttp">): boolean {
  return allowsHttp || !hostedLimits;
}
