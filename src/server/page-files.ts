import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { isErrno, statOrUndefined } from "../core/files.ts";

export type PageFile = {
  readonly contentType: string;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
  readonly plain: Buffer;
  /** Undefined where packing does not pay. */
  readonly brotli: Buffer | undefined;
  readonly gzip: Buffer | undefined;
};

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  webmanifest: "application/manifest+json; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  ico: "image/x-icon",
  woff2: "font/woff2",
  wasm: "application/wasm",
  txt: "text/plain; charset=utf-8",
};
const packed = /^(?:html|js|css|json|webmanifest|svg|wasm|txt)$/;
const compressWithBrotli = promisify(brotliCompress);
const compressWithGzip = promisify(gzip);

/** The built page in memory, by path below "/": only what lies there can be asked for, whatever a path says. Read again
 *  when it was built anew. */
export class PageFiles {
  readonly #folder: string;
  #files: Promise<ReadonlyMap<string, PageFile>> | undefined;
  #builtAtMs = -1;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where the page was not built. */
  async load(): Promise<ReadonlyMap<string, PageFile> | undefined> {
    const index = await statOrUndefined(join(this.#folder, "index.html"));
    if (index === undefined) return undefined;
    const builtAtMs = Number(index.mtimeMs);
    if (this.#files === undefined || builtAtMs !== this.#builtAtMs) {
      this.#builtAtMs = builtAtMs;
      this.#files = readFiles(this.#folder);
      this.#files.catch(() => (this.#files = undefined));
    }
    return await this.#files;
  }
}

async function readFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const name of await readdir(folder, { recursive: true })) {
    const contentType = contentTypes[extensionOf(name)];
    if (contentType === undefined) continue;
    const plain = await readFile(join(folder, name)).catch((error: unknown) => {
      if (isErrno(error, "EISDIR")) return undefined;
      throw error;
    });
    if (plain !== undefined) files.set(`/${name.replaceAll(sep, "/")}`, await describe(name, contentType, plain));
  }
  return files;
}

async function describe(name: string, contentType: string, plain: Buffer): Promise<PageFile> {
  const pays = packed.test(extensionOf(name)) && plain.length > 512;
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  return {
    contentType,
    etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
    isHashed: /^assets[/\\].*-[\w-]{8}\.\w+$/.test(name),
    plain,
    brotli: pays ? await compressWithBrotli(plain, { params: quality }) : undefined,
    gzip: pays ? await compressWithGzip(plain, { level: 9 }) : undefined,
  };
}

function extensionOf(name: string): string {
  return /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}
