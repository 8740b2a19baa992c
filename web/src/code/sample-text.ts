import type { Job } from "../api/types.ts";

export type Question = {
  readonly job: Pick<Job, "request" | "result" | "source">;
  /** Without a slash at the end. */
  readonly base: string;
};

/** The name of the video where the code runs. */
export function fileOf({ job: { source } }: Question): string {
  return source.file_name.replace(/["'\\$`\r\n]/g, "_");
}

export function urlOf({ job: { source } }: Question): string | undefined {
  return source.kind === "url" && source.url !== null ? source.url : undefined;
}

export function json(text: string): string {
  return JSON.stringify(text);
}

export function inShell(value: object): string {
  return JSON.stringify(value).replaceAll("'", "'\\''");
}

/** A quoted name for a shell. */
export function word(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The members of an object as they stand in a JavaScript literal. */
export function members(value: object): string {
  return Object.entries(value)
    .map(
      ([name, member]) => `${name}: ${typeof member === "object" ? `{ ${members(member as object)} }` : JSON.stringify(member)}`,
    )
    .join(", ");
}
