import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createS3Store } from "../../src/storage/s3-store.ts";
import { temporaryFolder } from "../support/clips.ts";
import { filesIn } from "../support/files-in.ts";
import { startS3StandIn } from "../support/s3-stand-in.ts";

type Place = {
  readonly store: ObjectStore;
  /** What it holds beyond what it says: files on a disk; keys and open uploads in S3. */
  readonly leftovers: () => Promise<readonly string[]>;
  /** Leaves what a process leaves that is killed while it puts. */
  readonly crashAmidPut: (key: string) => Promise<void>;
};

const places: Readonly<Record<string, () => Promise<Place>>> = {
  disk: async () => {
    const folder = await temporaryFolder();
    const crashAmidPut = async (): Promise<void> => await writeFile(join(folder, "data", `${randomUUID()}.part`), "half");
    return { store: createDiskStore({ folder }), leftovers: () => filesIn(folder), crashAmidPut };
  },
  S3: async () => {
    const standIn = await startS3StandIn(join(await temporaryFolder(), "s3"));
    onTestFinished(() => standIn[Symbol.asyncDispose]());
    const store = createS3Store({
      bucket: "films",
      prefix: "upres/",
      region: "us-east-1",
      endpoint: standIn.endpoint,
      credentials: { accessKeyId: "key", secretAccessKey: "secret" },
      forcePathStyle: true,
    });
    const open = (): string[] => Array.from({ length: standIn.openUploads() }, () => "an open upload");
    const crashAmidPut = async (key: string): Promise<void> => {
      const reply = await fetch(`${standIn.endpoint}/films/upres/${key}?uploads`, { method: "POST" });
      expect(reply.status).toBe(200);
    };
    return { store, leftovers: async () => [...standIn.keys(), ...open()], crashAmidPut };
  },
};

const mp4 = { contentType: "video/mp4", fileName: "Fünf „Töne“ 100%.mp4" };
const mebibyte = 1024 ** 2;

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* zeros(count: number, onChunk: () => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i += 1) {
    onChunk();
    yield Buffer.alloc(mebibyte, i);
    await turn();
  }
}

async function textOf(store: ObjectStore, key: string, range?: { start: number; end: number }): Promise<string> {
  return Buffer.concat(await Array.fromAsync((await store.read(key, range)).body as AsyncIterable<Buffer>)).toString(); // no encoding set
}

async function keysOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key).toSorted();
}

describe.each(Object.entries(places))("an object store on %s", (_name, makePlace) => {
  it("gives back what was put, with its description", async () => {
    const { store } = await makePlace();
    const put = await store.put("inputs/1/clip.mp4", chunks("whole ", "video"), mp4);
    expect(put).toMatchObject({ key: "inputs/1/clip.mp4", sizeBytes: 11, ...mp4 });
    expect(Math.abs(put.modifiedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await store.head("inputs/1/clip.mp4")).toEqual(put);
    const { object, body } = await store.read("inputs/1/clip.mp4");
    expect(object).toEqual(put);
    expect(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)).toString()).toBe("whole video"); // no encoding set
  });

  it("keeps an object without bytes", async () => {
    const { store } = await makePlace();
    expect(await store.put("inputs/empty", chunks(), mp4)).toMatchObject({ sizeBytes: 0 });
    expect(await textOf(store, "inputs/empty")).toBe("");
  });

  it("reads ranges, clamped to the end, and refuses those outside", async () => {
    const { store } = await makePlace();
    await store.put("a", chunks("0123456789"), mp4);
    expect(await textOf(store, "a", { start: 2, end: 4 })).toBe("234");
    expect(await textOf(store, "a", { start: 9, end: 9 })).toBe("9");
    expect(await textOf(store, "a", { start: 7, end: 99 })).toBe("789");
    for (const [start, end] of [
      [10, 12],
      [5, 4],
      [-1, 3],
    ] as const) {
      await expect(store.read("a", { start, end })).rejects.toMatchObject({ code: "bad_request" });
    }
  });

  it("knows nothing of an object that is not there", async () => {
    const { store } = await makePlace();
    expect(await store.head("inputs/none")).toBeUndefined();
    await expect(store.read("inputs/none")).rejects.toMatchObject({ code: "object_not_found" });
    await store.delete("inputs/none");
    expect(await keysOf(store, "")).toEqual([]);
  });

  it("replaces an object whole, with another etag, and leaves nothing of the earlier one", async () => {
    const { store, leftovers } = await makePlace();
    const first = await store.put("a/b", chunks("first"), mp4);
    const before = (await leftovers()).length;
    const second = await store.put("a/b", chunks("second!"), { contentType: "video/webm", fileName: "b.webm" });
    expect(second.etag).not.toBe(first.etag);
    expect(await store.head("a/b")).toEqual(second);
    expect(await textOf(store, "a/b")).toBe("second!");
    expect(await leftovers()).toHaveLength(before);
  });

  it("lets a reader finish what has been replaced or deleted meanwhile", async () => {
    const { store } = await makePlace();
    await store.put("a", zeros(4), mp4);
    const { body } = await store.read("a");
    await store.delete("a");
    const sizes = (await Array.fromAsync(body as AsyncIterable<Buffer>)).map(({ length }) => length); // no encoding set
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(4 * mebibyte);
  });

  it("takes one of several bodies put under the same key at once, whole", async () => {
    const { store, leftovers } = await makePlace();
    await store.put("a/b", chunks("one"), mp4);
    const before = (await leftovers()).length;
    const texts = ["one", "three", "seventeen", "twenty-three"];
    await Promise.all(texts.map((text) => store.put("a/b", chunks(...text), { ...mp4, fileName: text })));
    const object = await store.head("a/b");
    expect(texts).toContain(object?.fileName);
    expect(await textOf(store, "a/b")).toBe(object?.fileName);
    expect(await leftovers()).toHaveLength(before);
  });

  it("lists by prefix, over several pages, and keys that look alike apart", async () => {
    const { store } = await makePlace();
    const keys = ["a", "a/b", "a/B", "a/b.json", "a/b~", "a/c/d", "ab", "inputs/ä ö+&?.mp4", `long/${"x".repeat(300)}`];
    for (const key of keys) await store.put(key, chunks(key), { ...mp4, fileName: key });
    expect(await keysOf(store, "")).toEqual(keys.toSorted());
    expect(await keysOf(store, "a")).toEqual(keys.filter((key) => key.startsWith("a")).toSorted());
    expect(await keysOf(store, "a/b")).toEqual(["a/b", "a/b.json", "a/b~"]);
    expect(await keysOf(store, "none/")).toEqual([]);
    for (const key of keys) expect(await textOf(store, key)).toBe(key);
    for await (const object of store.list("a/")) expect(object).toEqual(await store.head(object.key));
  });

  it("refuses keys that could mean another place", async () => {
    const { store, leftovers } = await makePlace();
    const bad = ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "a\0b", "a\nb", "\ud800", "x".repeat(513)];
    for (const key of bad) {
      await expect(store.put(key, chunks("x"), mp4), JSON.stringify(key)).rejects.toMatchObject({ code: "bad_request" });
      await expect(store.read(key)).rejects.toMatchObject({ code: "bad_request" });
      await expect(store.head(key)).rejects.toMatchObject({ code: "bad_request" });
      await expect(store.delete(key)).rejects.toMatchObject({ code: "bad_request" });
    }
    expect(await leftovers()).toEqual([]);
  });

  it("stops at the byte limit and leaves nothing, small or in parts", async () => {
    const { store, leftovers } = await makePlace();
    expect(await store.put("a", chunks("12", "34"), mp4, { maxBytes: 4 })).toMatchObject({ sizeBytes: 4 });
    const before = await leftovers();
    const tooLarge = { code: "upload_too_large", details: { maxBytes: 3 } };
    await expect(store.put("b", chunks("12", "34"), mp4, { maxBytes: 3 })).rejects.toMatchObject(tooLarge);
    const limited = store.put("c", zeros(40), mp4, { maxBytes: 36 * mebibyte });
    await expect(limited).rejects.toMatchObject({ code: "upload_too_large" });
    expect(await leftovers()).toEqual(before);
  });

  it("leaves nothing of a body that breaks, and what was there stays", async () => {
    const { store, leftovers } = await makePlace();
    await store.put("a", chunks("earlier"), mp4);
    const before = await leftovers();
    const broken = new Error("the sender is gone");
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield* zeros(20);
      throw broken;
    }
    await expect(store.put("a", breaking(), mp4)).rejects.toBe(broken);
    expect(await textOf(store, "a")).toBe("earlier");
    expect(await leftovers()).toEqual(before);
  });

  it("stops when aborted, even while the body is silent, and leaves nothing", async () => {
    const { store, leftovers } = await makePlace();
    const stop = new AbortController();
    const reason = new Error("enough");
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield* zeros(20);
      setImmediate(() => stop.abort(reason));
      await new Promise(() => {});
    }
    await expect(store.put("a", silent(), mp4, { signal: stop.signal })).rejects.toBe(reason);
    await expect(store.put("a", chunks("x"), mp4, { signal: stop.signal })).rejects.toBe(reason);
    expect(await leftovers()).toEqual([]);
  });

  it("streams a large object in and out at constant memory", async (context) => {
    const { store } = await makePlace();
    const peakOf = async (mebibytes: number): Promise<number> => {
      let peak = 0;
      const look = (): void => void (peak = Math.max(peak, process.memoryUsage.rss() / mebibyte));
      await store.put("large", zeros(mebibytes, look), mp4);
      let readBytes = 0;
      for await (const chunk of (await store.read("large")).body as AsyncIterable<Buffer>) {
        look();
        readBytes += chunk.length;
      }
      expect(readBytes).toBe(mebibytes * mebibyte);
      return peak;
    };
    // The garbage collector's slack is taken by the first object, so a second one needs no more, however large.
    const [first, second] = [await peakOf(96), await peakOf(288)];
    context.annotate(`resident at most ${first.toFixed(0)} MiB, then ${second.toFixed(0)} MiB`);
    expect(second - first).toBeLessThan(64);
  });

  it("takes over a finished file, which is gone then", async () => {
    const { store } = await makePlace();
    const folder = await temporaryFolder();
    const path = join(folder, "out.mp4");
    await writeFile(path, "finished");
    const object = await store.putFile("results/1", path, mp4);
    expect(object).toMatchObject({ key: "results/1", sizeBytes: 8, ...mp4 });
    expect(await store.head("results/1")).toEqual(object);
    expect(await textOf(store, "results/1")).toBe("finished");
    expect(await filesIn(folder)).toEqual([]);
    await expect(store.putFile("results/2", path, mp4)).rejects.toThrow("ENOENT");
  });

  it("sweeps away what puts left that were cut off, and no object", async () => {
    const { store, leftovers, crashAmidPut } = await makePlace();
    await store.put("a/b", chunks("whole"), mp4);
    const before = await leftovers();
    for (const key of ["a/b", "c", "d", "e"]) await crashAmidPut(key);
    expect(await leftovers()).toHaveLength(before.length + 4);
    expect(await store.sweep(new Date(Date.now() - 3600e3))).toBe(0);
    expect(await store.sweep(new Date(Date.now() + 3600e3))).toBe(4);
    expect(await leftovers()).toEqual(before);
    expect(await textOf(store, "a/b")).toBe("whole");
  });

  it("shows a reader one body or the next while it is replaced, never a mixture", async () => {
    const { store } = await makePlace();
    const put = (n: number): Promise<unknown> => store.put("a", chunks(..."x".repeat(n)), { ...mp4, fileName: String(n) });
    await put(1);
    const stop = new AbortController();
    const reading = (async () => {
      let reads = 0;
      for (; !stop.signal.aborted; reads += 1) {
        const { object, body } = await store.read("a");
        const text = Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)).toString(); // no encoding set
        expect([text.length, object.sizeBytes]).toEqual([Number(object.fileName), Number(object.fileName)]);
      }
      return reads;
    })();
    for (let n = 2; n <= 30; n += 1) await put(n);
    stop.abort();
    expect(await reading).toBeGreaterThan(5);
  });

  it("holds nothing once every object is deleted", async () => {
    const { store, leftovers } = await makePlace();
    for (const key of ["inputs/1", "inputs/2/a", "results/1"]) await store.put(key, chunks(key), mp4);
    await store.delete("inputs/1");
    expect(await keysOf(store, "")).toEqual(["inputs/2/a", "results/1"]);
    for (const key of ["inputs/1", "inputs/2/a", "results/1"]) await store.delete(key);
    expect(await leftovers()).toEqual([]);
  });
});
