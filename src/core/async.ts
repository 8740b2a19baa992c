/** Pulls up to `depth` items ahead of the consumer, so that producer and consumer overlap.
 *  Owns: items that were pulled but never delivered are disposed when the consumer stops early. */
export async function* prefetch<T>(source: AsyncIterable<T>, depth: number): AsyncGenerator<T> {
  yield* mapConcurrent(source, depth, (item) => Promise.resolve(item));
}

/** Maps items with up to `concurrency` mappings under way, delivering results in source order.
 *  Owns: results never delivered (consumer stopped, or an earlier item failed) are disposed. */
export async function* mapConcurrent<T, R>(
  source: AsyncIterable<T>,
  concurrency: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<R>>[] = [];
  let reading: Promise<unknown> = Promise.resolve();
  const start = (): void => {
    const read = reading.then(() => iterator.next());
    reading = read.catch(() => undefined);
    const result = read.then(async (next): Promise<IteratorResult<R>> =>
      next.done === true ? { done: true, value: undefined } : { done: false, value: await map(next.value) },
    );
    result.catch(() => undefined); // reported when it is its turn
    pending.push(result);
  };
  try {
    for (let i = 0; i < concurrency; i += 1) start();
    while (pending.length > 0) {
      // The loop condition guarantees an element.
      const next = await pending.shift()!;
      if (next.done === true) return;
      start();
      yield next.value;
    }
  } finally {
    for (const result of await Promise.allSettled(pending)) {
      if (result.status === "fulfilled" && result.value.done !== true) disposeIfDisposable(result.value.value);
    }
    await iterator.return?.(undefined);
  }
}

function disposeIfDisposable(value: unknown): void {
  if (typeof value === "object" && value !== null && Symbol.dispose in value) {
    (value as Disposable)[Symbol.dispose](); // checked on the line above
  }
}

/** Resolves when `signal` aborts with its reason thrown; never resolves otherwise. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}
