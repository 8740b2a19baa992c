import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";
import { z } from "zod";

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** What precedes the contents, as one line of JSON: files name their content by its place in `sizes`. */
const Index = z.object({
  folders: z.array(z.string()),
  files: z.array(z.object({ path: z.string(), content: z.int().nonnegative() })),
  sizes: z.array(z.int().nonnegative()),
});
type Index = z.infer<typeof Index>;

/** A folder with all below it as one compressed file; equal contents are kept once. The same folder gives the same bytes. */
export async function packFolder(folder: string): Promise<Buffer> {
  const index: Index = { folders: [], files: [], sizes: [] };
  const contents: Buffer[] = [];
  const known = new Map<string, number>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const located = entries.map((entry) => ({
    entry,
    path: relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"),
  }));
  for (const { entry, path } of located.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    if (entry.isDirectory()) {
      index.folders.push(path);
      continue;
    }
    const bytes = await readFile(join(folder, path));
    const hash = createHash("sha256").update(bytes).digest("hex");
    const content = known.get(hash) ?? contents.length;
    if (content === contents.length) {
      known.set(hash, content);
      contents.push(bytes);
      index.sizes.push(bytes.length);
    }
    index.files.push({ path, content });
  }
  const whole = Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...contents]);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return await compress(whole, { params });
}

/** Writes what `packFolder` packed into a folder that it makes; nobody else may read it. */
export async function unpackFolder(archive: Uint8Array, folder: string): Promise<void> {
  const whole = await decompress(archive);
  const indexEnd = whole.indexOf("\n");
  const { folders, files, sizes } = Index.parse(JSON.parse(whole.toString("utf8", 0, indexEnd)));
  let offset = indexEnd + 1;
  const contents = sizes.map((size) => whole.subarray(offset, (offset += size)));
  await mkdir(folder, { mode: 0o700 });
  for (const path of folders) await mkdir(join(folder, path), { mode: 0o700 });
  for (const { path, content } of files) {
    const bytes = contents[content];
    if (bytes === undefined) throw new Error(`the archive lacks the content of ${path}`);
    await writeFile(join(folder, path), bytes, { mode: 0o600 });
  }
}
