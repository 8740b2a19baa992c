import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const runFile = promisify(execFile);
/** Where Debian's packages put the programs, one folder a version. */
const debianFolder = "/usr/lib/postgresql";

type Account = { readonly uid: number; readonly gid: number };

/** A Postgres server of the tests' own, in a temporary folder.  Owns: its processes and the folder. */
export class PostgresServer implements AsyncDisposable {
  readonly url: string;
  readonly #programs: string;
  readonly #folder: string;
  readonly #account: Account | undefined;
  readonly #options: string;

  private constructor(programs: string, folder: string, port: number, account: Account | undefined) {
    this.#programs = programs;
    this.#folder = folder;
    this.#account = account;
    this.#options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c max_connections=200`;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  /** Undefined where Postgres is not installed. */
  static async start(): Promise<PostgresServer | undefined> {
    const programs = await findPrograms();
    if (programs === undefined) return undefined;
    const folder = await mkdtemp(join(tmpdir(), "upres-postgres-"));
    // Postgres refuses to run as root.
    const account = process.getuid?.() === 0 ? await postgresAccount() : undefined;
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    await chmod(folder, 0o700);
    const server = new PostgresServer(programs, folder, await freePort(), account);
    await server.#run("initdb", ["-D", server.#data, "-A", "trust", "-U", "postgres", "--no-sync"]);
    await server.#control("start");
    return server;
  }

  /** Ends it at once, as when its machine goes down, and starts it again. */
  async crashAndRestart(): Promise<void> {
    await this.#control("stop", "-m", "immediate");
    await this.#control("start");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control("stop", "-m", "immediate");
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  async #control(action: string, ...words: readonly string[]): Promise<void> {
    const log = join(this.#folder, "log");
    await this.#run("pg_ctl", [action, "-w", "-D", this.#data, "-l", log, "-o", this.#options, ...words]);
  }

  async #run(program: string, words: readonly string[]): Promise<void> {
    await runFile(join(this.#programs, program), words, { ...this.#account, cwd: this.#folder });
  }
}

async function findPrograms(): Promise<string | undefined> {
  const versions = await readdir(debianFolder).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(debianFolder, newest, "bin");
}

async function postgresAccount(): Promise<Account> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((text) => text.startsWith("postgres:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.int() }).parse(server.address());
  server.close();
  await once(server, "close");
  return port;
}
