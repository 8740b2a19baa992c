/** An answer on its way out: JSON, or no body at all. */
export type RunwayReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
};

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): RunwayReply {
  return { status, headers, json: value };
}

export const noContent: RunwayReply = { status: 204 };
