import { execFile } from "node:child_process";
import { link, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { temporaryFolder } from "../support/clips.ts";
import { filesIn } from "../support/files-in.ts";

const mp4 = { contentType: "video/mp4", fileName: "clip.mp4" };

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("the disk store", () => {
  it("takes over a finished file without copying its bytes", async () => {
    const folder = await temporaryFolder();
    const store = createDiskStore({ folder: join(folder, "store") });
    const [path, sameFile] = [join(folder, "out.mp4"), join(folder, "same")];
    await writeFile(path, "finished");
    await link(path, sameFile);
    expect(await store.putFile("results/1", path, mp4)).toMatchObject({ key: "results/1", sizeBytes: 8, ...mp4 });
    expect(await readdir(folder)).toEqual(["same", "store"]);
    await writeFile(sameFile, "FINISHED");
    const { body } = await store.read("results/1");
    expect(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)).toString()).toBe("FINISHED"); // no encoding set
  });

  it("finds everything again in a new process", async () => {
    const folder = await temporaryFolder();
    const stored = await createDiskStore({ folder }).put("a/b", chunks("bytes"), mp4);
    expect(await createDiskStore({ folder }).head("a/b")).toEqual(stored);
  });

  it("sweeps away what a crash left, but neither objects nor what is being written", async () => {
    const folder = await temporaryFolder();
    const store = createDiskStore({ folder });
    await store.put("a", chunks("bytes"), mp4);
    const kept = await filesIn(folder);
    for (const name of ["crashed.part", "crashed", "crashed.json", "under-way.part"])
      await writeFile(join(folder, "data", name), "x");
    const hourAgo = new Date(Date.now() - 3600e3);
    for (const name of await readdir(join(folder, "data"))) {
      if (name !== "under-way.part") await utimes(join(folder, "data", name), hourAgo, hourAgo);
    }
    expect(await store.sweep(new Date(Date.now() - 1800e3))).toBe(3);
    expect(await filesIn(folder)).toEqual([...kept, "data/under-way.part"].toSorted());
    expect(await createDiskStore({ folder: join(folder, "none") }).sweep(new Date())).toBe(0);
  });

  it("says that the disk is full, and leaves nothing", async (context) => {
    context.skip(process.platform === "win32", "no limit on file sizes to stand in for a full disk");
    const folder = await temporaryFolder();
    const module = new URL("../../src/storage/disk-store.ts", import.meta.url).href;
    const program = `
      const { createDiskStore } = await import(${JSON.stringify(module)});
      const store = createDiskStore({ folder: ${JSON.stringify(folder)} });
      async function* body(count) { for (let i = 0; i < count; i += 1) yield Buffer.alloc(65536); }
      process.on("SIGXFSZ", () => {});
      await store.put("small", body(1), ${JSON.stringify(mp4)});
      await store.put("large", body(64), ${JSON.stringify(mp4)}).catch((error) => console.log(error.code, error.message));
    `;
    const script = join(await temporaryFolder(), "put.mjs");
    await writeFile(script, program);
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", 'ulimit -f 1024 && exec "$0" "$1"', process.execPath, script]);
    expect(stdout).toBe("output_unwritable The disk that files are stored on is full.\n");
    expect(await filesIn(folder)).toHaveLength(2);
  });

  it("keeps its files where no key leads out of the folder", async () => {
    const folder = await temporaryFolder();
    const store = createDiskStore({ folder: join(folder, "store") });
    for (const key of ["...", "a/...", "~", "%2e%2e", "con", "a:b", "a*?b"]) await store.put(key, chunks(key), mp4);
    expect(await readdir(folder)).toEqual(["store"]);
    expect((await Array.fromAsync(store.list(""))).length).toBe(7);
    expect(await Array.fromAsync(store.list("../"))).toEqual([]);
  });

  it("is used by several processes at once: every key ends as one of its bodies, whole", async () => {
    const folder = await temporaryFolder();
    const stores = [createDiskStore({ folder }), createDiskStore({ folder }), createDiskStore({ folder })];
    const keys = ["jobs/1/a", "jobs/1/b", "jobs/2/a"];
    const work = Array.from({ length: 60 }, async (_unused, n) => {
      const [store, key] = [stores[n % 3], keys[Math.floor(n / 3) % 3]];
      if (store === undefined || key === undefined) throw new Error("three of each");
      // Deleting empties folders that others are about to write into.
      if (n % 5 === 0) await store.delete(key);
      else await store.put(key, chunks(`body ${n}`), { ...mp4, fileName: `body ${n}` });
    });
    await Promise.all(work);
    for (const store of stores) {
      for await (const { key, fileName } of store.list("")) {
        const { body } = await store.read(key);
        expect(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)).toString()).toBe(fileName); // no encoding set
      }
      await store.sweep(new Date(Date.now() + 3600e3));
    }
    const objects = await Array.fromAsync(createDiskStore({ folder }).list(""));
    expect(await readdir(join(folder, "data"))).toHaveLength(objects.length);
  });
});
