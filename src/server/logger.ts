import { pino } from "pino";
import type { LogFacts, Logger } from "../core/logger.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogStream = { write(line: string): unknown };

/** Keys, cookies and whatever is put into addresses never reach the log. */
const redacted = [
  "authorization",
  "cookie",
  "*.authorization",
  "*.cookie",
  "*.headers.authorization",
  "*.headers.cookie",
  "headers.authorization",
  "headers.cookie",
];

/** A logger that writes one JSON object a line. */
export function createLogger(level: LogLevel, stream: LogStream = process.stderr): Logger {
  return wrap(
    pino(
      { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: redacted, censor: "[redacted]" } },
      { write: (line) => void stream.write(line) },
    ),
  );
}

function wrap(logger: pino.Logger): Logger {
  return {
    debug: (message, facts) => logger.debug(withoutQueries(facts), message),
    info: (message, facts) => logger.info(withoutQueries(facts), message),
    warn: (message, facts) => logger.warn(withoutQueries(facts), message),
    error: (message, facts) => logger.error(withoutQueries(facts), message),
    child: (facts) => wrap(logger.child(withoutQueries(facts))),
  };
}

/** Addresses are kept up to their query, which may hold a signature. */
function withoutQueries(facts: LogFacts = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === "string" ? cutQuery(value) : value]),
  );
}

export function cutQuery(text: string): string {
  return /^(https?:\/)?\//i.test(text) ? text.replace(/[?#].*$/s, "") : text;
}
