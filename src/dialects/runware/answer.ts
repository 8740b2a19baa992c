/** What is wrong with a task or with a whole request; `status` is HTTP's, and means nothing on a WebSocket. */
export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** The dotted path of the field. */
  readonly parameter?: string;
  /** The JSON type that was expected. */
  readonly type?: string;
  readonly min?: number;
  readonly max?: number;
  readonly allowedValues?: readonly (string | number)[];
};

/** One entry of `errors`. */
export type ErrorEntry = Omit<Problem, "status"> & {
  readonly status?: "error";
  readonly taskUUID?: string;
  readonly taskType?: string;
};

/** One entry of `data`. */
export type Item = { readonly taskType: string } & Readonly<Record<string, unknown>>;

/** What one task is answered with. */
export type Answer =
  | { readonly kind: "data"; readonly item: Item }
  | { readonly kind: "error"; readonly status: number; readonly entry: ErrorEntry };

/** How a task is called in its answer, as far as it said so. */
export type TaskName = { readonly taskUUID?: string; readonly taskType?: string };

export function data(item: Item): Answer {
  return { kind: "data", item };
}

export function refusal({ status, ...problem }: Problem, task: TaskName = {}): Answer {
  return { kind: "error", status, entry: { ...problem, ...task } };
}

export type Envelope = { readonly data?: readonly Item[]; readonly errors?: readonly ErrorEntry[] };

/** All answers in one object: `data` is always there, `errors` where there are some. */
export function envelope(answers: readonly Answer[]): Envelope {
  const items = answers.flatMap((answer) => (answer.kind === "data" ? [answer.item] : []));
  const errors = answers.flatMap((answer) => (answer.kind === "error" ? [answer.entry] : []));
  return { data: items, ...(errors.length > 0 && { errors }) };
}
