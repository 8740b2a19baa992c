import { stringifyJson } from "../core/json.ts";
import type { AppError } from "../domain/errors.ts";
import { plainText } from "./table.ts";

export type OutputStream = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done?: (error?: Error | null) => void): boolean;
};

export type OutputOptions = {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Nothing but one JSON document on stdout. */
  readonly isJson: boolean;
  /** No progress and no notes. */
  readonly isQuiet: boolean;
  readonly isDebug: boolean;
};

const clearLine = "\r\u001b[K";

/** Everything the command says: results on stdout, progress and errors on stderr. */
export class Output {
  readonly isJson: boolean;
  readonly #options: OutputOptions;
  #hasLiveLine = false;
  #hasDocument = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.isJson = options.isJson;
  }

  /** Columns to wrap tables to; undefined when stdout is not a terminal. */
  get width(): number | undefined {
    const { stdout } = this.#options;
    return stdout.isTTY === true ? (stdout.columns ?? 80) : undefined;
  }

  /** Whether a moving line can be shown, and how wide; undefined in a log. */
  get liveWidth(): number | undefined {
    const { stderr } = this.#options;
    return stderr.isTTY === true ? (stderr.columns ?? 80) : undefined;
  }

  /** A result for people; nothing with --json. */
  result(text: string): void {
    if (this.isJson) return;
    this.#endLiveLine();
    this.#options.stdout.write(`${text}\n`);
  }

  /** The one document of --json. */
  document(value: unknown): void {
    if (!this.isJson || this.#hasDocument) return;
    this.#hasDocument = true;
    this.#options.stdout.write(`${stringifyJson(value, 2)}\n`);
  }

  /** A line about what is going on. */
  note(text: string): void {
    if (this.#options.isQuiet) return;
    this.#endLiveLine();
    this.#options.stderr.write(`${plainText(text)}\n`);
  }

  /** A line that the next one replaces; only on a terminal. */
  live(text: string): void {
    if (this.#options.isQuiet || this.liveWidth === undefined) return;
    this.#options.stderr.write(`${clearLine}${plainText(text)}`);
    this.#hasLiveLine = true;
  }

  /** An error in one sentence, quiet or not; its stack with --debug. */
  error(error: AppError, subject?: string): void {
    this.#endLiveLine();
    const about = subject === undefined ? "" : `${subject}: `;
    this.#options.stderr.write(`upres: ${plainText(about + error.message)}\n`);
    if (this.#options.isDebug) this.#options.stderr.write(`${describeCauses(error)}\n`);
  }

  /** Resolves when everything written has left the process. */
  async flush(): Promise<void> {
    this.#endLiveLine();
    const { stdout, stderr } = this.#options;
    await Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))));
  }

  #endLiveLine(): void {
    if (!this.#hasLiveLine) return;
    this.#options.stderr.write(clearLine);
    this.#hasLiveLine = false;
  }
}

/** The JSON form of a failure. */
export function errorDocument({ code, message, details }: AppError): { readonly error: object } {
  return { error: { code, message, details } };
}

function describeCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${describeCauses(error.cause)}`;
}
