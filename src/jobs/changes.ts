/** Tells parts of this process that a job changed, so that they need not look all the time.
 *  Only a hint: what changed is read from the database. */
export class Changes {
  readonly #listeners = new Set<(jobId: string) => void>();

  announce(jobId: string): void {
    for (const listener of this.#listeners) listener(jobId);
  }

  listen(listener: (jobId: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
