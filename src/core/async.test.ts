import { describe, expect, test } from "vitest";
import { mapConcurrent, prefetch, throwIfAborted } from "./async.ts";

class Item implements Disposable {
  readonly value: number;
  disposed = 0;

  constructor(value: number) {
    this.value = value;
  }

  [Symbol.dispose](): void {
    this.disposed += 1;
  }
}

type Source = AsyncIterable<number> & { pulled: number; ended: boolean };

function countTo(count: number, failAfter = Number.POSITIVE_INFINITY): Source {
  const source: Source = {
    pulled: 0,
    ended: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (let i = 0; i < count; i += 1) {
          if (i >= failAfter) throw new RangeError("the source failed");
          source.pulled += 1;
          yield i;
        }
      } finally {
        source.ended = true;
      }
    },
  };
  return source;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

describe("mapConcurrent", () => {
  test("delivers in source order although later items are done first", async () => {
    const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
    const mapped = mapConcurrent(countTo(6), 3, async (value) => {
      // Each item waits for the one after it, except every third.
      if (value % 3 !== 2) await gates[value + 1]?.promise;
      gates[value]?.resolve();
      return value * 10;
    });
    expect(await collect(mapped)).toEqual([0, 10, 20, 30, 40, 50]);
  });

  test("never has more under way than asked for, and reaches that many", async () => {
    let [running, most] = [0, 0];
    const mapped = mapConcurrent(countTo(20), 4, async (value) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return value;
    });
    expect(await collect(mapped)).toHaveLength(20);
    expect(most).toBe(4);
  });

  test("a failing mapping surfaces in its turn, after the results before it", async () => {
    const seen: number[] = [];
    const source = countTo(10);
    const failing = async (): Promise<void> => {
      const mapped = mapConcurrent(source, 3, (value) =>
        value === 4 ? Promise.reject(new TypeError("no fours")) : Promise.resolve(value),
      );
      for await (const value of mapped) seen.push(value);
    };
    await expect(failing()).rejects.toThrow("no fours");
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(source.ended).toBe(true);
  });

  test("a failing source surfaces after what it gave", async () => {
    const seen: number[] = [];
    const failing = async (): Promise<void> => {
      for await (const value of mapConcurrent(countTo(10, 3), 2, (item) => Promise.resolve(item))) seen.push(value);
    };
    await expect(failing()).rejects.toThrow("the source failed");
    expect(seen).toEqual([0, 1, 2]);
  });

  test("disposes what was made but never delivered when the consumer stops", async () => {
    const made: Item[] = [];
    const source = countTo(100);
    const mapped = mapConcurrent(source, 4, (value) => {
      const item = new Item(value);
      made.push(item);
      return Promise.resolve(item);
    });
    const kept: Item[] = [];
    for await (const item of mapped) {
      kept.push(item);
      if (kept.length === 3) break;
    }
    expect(kept.map(({ disposed }) => disposed)).toEqual([0, 0, 0]);
    const rest = made.filter((item) => !kept.includes(item));
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.every(({ disposed }) => disposed === 1)).toBe(true);
    expect(source.ended).toBe(true);
    expect(source.pulled).toBeLessThanOrEqual(3 + 4);
  });

  test("disposes what was made after an item that failed", async () => {
    const made: Item[] = [];
    const failing = collect(
      mapConcurrent(countTo(10), 4, (value) => {
        if (value === 0) return Promise.reject(new TypeError("no zero"));
        const item = new Item(value);
        made.push(item);
        return Promise.resolve(item);
      }),
    );
    await expect(failing).rejects.toThrow("no zero");
    expect(made.length).toBeGreaterThan(0);
    expect(made.every(({ disposed }) => disposed === 1)).toBe(true);
  });
});

describe("prefetch", () => {
  test("delivers everything in order", async () => {
    expect(await collect(prefetch(countTo(50), 5))).toEqual([...Array(50).keys()]);
  });

  test("pulls ahead, but no further than its depth", async () => {
    const source = countTo(100);
    const ahead = prefetch(source, 3);
    await ahead.next();
    await new Promise(setImmediate);
    expect(source.pulled).toBe(1 + 3);
    await ahead.return(undefined);
    expect(source.ended).toBe(true);
  });
});

test("an aborted signal throws its reason, a quiet one nothing", () => {
  const reason = new Error("enough");
  expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason);
  expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  expect(() => throwIfAborted(undefined)).not.toThrow();
});
