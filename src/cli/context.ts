import type { Output } from "./output.ts";

/** What every command is given. */
export type CommandContext = {
  readonly output: Output;
  /** Aborted by Ctrl-C, by SIGTERM and when the parent process is gone. */
  readonly signal: AbortSignal;
  /** After the signal, a command has this long to end before it is killed. */
  readonly takeTimeToStop: (durationMs: number) => void;
};
