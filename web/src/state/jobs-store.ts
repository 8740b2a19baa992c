import { api } from "../api/endpoints.ts";
import { readEvents } from "../api/event-stream.ts";
import { ApiError, isAbort } from "../api/http.ts";
import type { Job, JobState } from "../api/types.ts";

export type Link = "connecting" | "live" | "offline";
export const filters = { all: [], active: ["queued", "running"], done: ["succeeded"], ended: ["failed", "cancelled"] } as const;
export type Filter = keyof typeof filters;

export type JobsState = {
  readonly link: Link;
  readonly error: Error | undefined;
  /** Of the filter, newest first, without tastes. */
  readonly listed: readonly Job[];
  readonly filter: Filter;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
};

const pageSize = 200;
const waitsMs = [500, 1000, 2000, 5000, 10_000];

/** All jobs that the page has heard of, kept up to date by the server's events. */
export class JobsStore {
  readonly #jobs = new Map<string, Job>();
  readonly #listeners = new Set<() => void>();
  #state: JobsState = { link: "connecting", error: undefined, listed: [], filter: "all", isLoading: true, hasMore: false };
  #cursor: string | undefined;
  /** Below this time more jobs are still to be loaded. */
  #horizon = "";
  #loads = 0;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly state = (): JobsState => this.#state;
  readonly job = (id: string): Job | undefined => this.#jobs.get(id);

  /** Follows the server until `signal` is aborted; goes on by itself after a broken connection. */
  async follow(signal: AbortSignal): Promise<void> {
    let lastId: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        for await (const { name, id, data } of readEvents("/api/events", signal, lastId)) {
          failures = 0;
          lastId = id ?? lastId;
          if (name === "hello" || this.#state.link !== "live") {
            this.#change({ link: "live", error: undefined });
            if (this.#horizon === "" || this.#state.error !== undefined) void this.load(this.#state.filter);
          }
          if (name === "job") this.put(data as Job);
          if (name === "removed") this.drop((data as { id: string }).id);
        }
      } catch (error) {
        if (isAbort(error)) return;
        this.#change({ error: error instanceof Error ? error : new Error(String(error)) });
        if (error instanceof ApiError && error.status === 401) {
          this.#change({ link: "offline", isLoading: false });
          return;
        }
      }
      if (signal.aborted) return;
      this.#change({ link: failures === 0 ? "connecting" : "offline", isLoading: false });
      await new Promise((resolve) => setTimeout(resolve, waitsMs[Math.min(failures, waitsMs.length - 1)]));
      failures += 1;
    }
  }

  put(job: Job): void {
    this.#jobs.set(job.id, job);
    this.#relist();
  }

  drop(id: string): void {
    if (this.#jobs.delete(id)) this.#relist();
  }

  /** Shows the jobs of a filter, from its newest on. */
  async load(filter: Filter): Promise<void> {
    this.#cursor = undefined;
    this.#horizon = "~"; // nothing is complete yet, what is known already is not shown twice
    await this.#loadPage(filter);
  }

  async loadMore(): Promise<void> {
    if (!this.#state.isLoading && this.#state.hasMore) await this.#loadPage(this.#state.filter);
  }

  async #loadPage(filter: Filter): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    this.#change({ filter, isLoading: true });
    try {
      const query = { limit: pageSize, cursor: this.#cursor, states: filters[filter], tastes: "hide" } as const;
      const { jobs, next_cursor: next } = await api.jobs(query);
      if (load !== this.#loads) return;
      for (const job of jobs) this.#jobs.set(job.id, job);
      this.#cursor = next ?? undefined;
      this.#horizon = next === null ? " " : (jobs.at(-1)?.created_at ?? " ");
      this.#state = { ...this.#state, isLoading: false, hasMore: next !== null, error: undefined };
      this.#relist();
    } catch (error) {
      if (load === this.#loads)
        this.#change({ isLoading: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #relist(): void {
    if (this.#horizon === "~") {
      this.#change({});
      return;
    }
    const states: readonly JobState[] = filters[this.#state.filter];
    const listed = [...this.#jobs.values()].filter(
      ({ taste, state, created_at: at }) =>
        taste === null && (states.length === 0 || states.includes(state)) && at >= this.#horizon,
    );
    listed.sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0));
    this.#change({ listed });
  }

  #change(change: Partial<JobsState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
