/** An answer on its way out: JSON, a stream of server-sent events, or no body at all. */
export type FalReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body:
    | { readonly kind: "json"; readonly value: unknown }
    | { readonly kind: "events"; readonly events: AsyncIterable<string> }
    | { readonly kind: "none" };
};

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): FalReply {
  return { status, headers, body: { kind: "json", value } };
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): FalReply {
  return { status, headers, body: { kind: "none" } };
}
