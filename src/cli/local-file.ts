import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { displayUrl, download } from "../ingest/download.ts";
import type { CommandContext } from "./context.ts";
import type { Input } from "./inputs.ts";
import { formatBytes } from "./units.ts";

/** An input as a file on this machine. Owns: what was downloaded; disposing removes it unless `keep` was called. */
export class LocalFile implements AsyncDisposable {
  readonly path: string;
  #folder: string | undefined;

  private constructor(path: string, folder?: string) {
    this.path = path;
    this.#folder = folder;
  }

  /** For a run: a download stays beside the output when the run is interrupted, for the next one. */
  static async forOutput(input: Input, outputPath: string, context: CommandContext): Promise<LocalFile> {
    if (input.kind === "file") return new LocalFile(input.path);
    const folder = join(dirname(outputPath), `.${basename(outputPath)}.source.upres`);
    return new LocalFile(await fetchInput(input.url, folder, context), folder);
  }

  /** For a look: a download goes to the system's temporary folder. */
  static async forReading(input: Input, context: CommandContext): Promise<LocalFile> {
    if (input.kind === "file") return new LocalFile(input.path);
    const folder = await mkdtemp(join(tmpdir(), "upres-"));
    try {
      return new LocalFile(await fetchInput(input.url, folder, context), folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Leaves the download where it is. */
  keep(): void {
    this.#folder = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

// Every address is allowed: the machine, its network and its files are the user's own.
async function fetchInput(url: URL, folder: string, { output, signal }: CommandContext): Promise<string> {
  output.note(`downloading ${displayUrl(url)}`);
  return await download({
    url,
    folder,
    signal,
    onProgress: ({ doneBytes, totalBytes }) =>
      output.live(`${formatBytes(doneBytes)}${totalBytes === undefined ? "" : ` of ${formatBytes(totalBytes)}`} downloaded`),
  });
}
