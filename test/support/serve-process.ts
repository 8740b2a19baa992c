import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const launcher = fileURLToPath(new URL("../../bin/upres.cjs", import.meta.url));
const Started = z.object({ url: z.url(), mode: z.enum(["open", "keys"]), role: z.string(), data: z.string() });

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** This process's environment without settings of Upres, and with these. */
export function cleanEnvironment(settings: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("UPRES_"));
  return { ...Object.fromEntries(own), ...settings };
}

/** Runs the command to its end, as a user starts it. */
export async function runUpres(words: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return await spawnUpres(words, settings).ended;
}

/** `upres serve` on a free port. Disposing ends it by SIGTERM. */
export class ServeProcess implements AsyncDisposable {
  readonly url: string;
  readonly mode: "open" | "keys";
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  private constructor(started: z.infer<typeof Started>, child: ChildProcess, ended: Promise<Ended>) {
    this.url = started.url;
    this.mode = started.mode;
    this.child = child;
    this.ended = ended;
  }

  static async start(words: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<ServeProcess> {
    const { child, ended, sawDocument } = spawnUpres(["serve", "--port", "0", "--json", ...words], settings);
    return new ServeProcess(Started.parse(await sawDocument), child, ended);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.child.kill(signal);
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

type Spawned = { readonly child: ChildProcess; readonly ended: Promise<Ended>; readonly sawDocument: Promise<unknown> };

export function spawnUpres(words: readonly string[], settings: Readonly<Record<string, string>>): Spawned {
  const env = cleanEnvironment(settings);
  const child = spawn(process.execPath, [launcher, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  const document = Promise.withResolvers<unknown>();
  document.promise.catch(() => undefined); // only some callers wait for it
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      if (name === "stdout" && text.stdout.endsWith("}\n")) document.resolve(JSON.parse(text.stdout));
    });
  }
  const ended = once(child, "close").then(([code]) => {
    document.reject(new Error(`upres ${words.join(" ")} ended with ${String(code)}: ${text.stderr}`));
    return { code: z.int().nullable().parse(code), ...text };
  });
  return { child, ended, sawDocument: document.promise };
}
