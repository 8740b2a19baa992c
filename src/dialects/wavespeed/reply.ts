/** An answer on its way out: always the envelope, whose `code` is the HTTP status. */
export type WavespeedReply = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly code: number; readonly message: string; readonly data?: unknown };
};

export function success(data: unknown): WavespeedReply {
  return { headers: {}, body: { code: 200, message: "success", data } };
}

export function refusal(code: number, message: string, headers: Readonly<Record<string, string>> = {}): WavespeedReply {
  return { headers, body: { code, message } };
}
