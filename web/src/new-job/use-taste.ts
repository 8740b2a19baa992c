import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { api, type Choices } from "../api/endpoints.ts";
import { isAbort } from "../api/http.ts";
import type { Job, Taste } from "../api/types.ts";
import { isActive } from "../jobs/describe.ts";
import { useApp } from "../state/app-context.ts";

export type TasteState =
  | { readonly kind: "none" }
  | { readonly kind: "cutting" }
  | { readonly kind: "refused"; readonly error: Error }
  | { readonly kind: "running" | "done"; readonly facts: TasteFacts; readonly jobs: readonly Job[] };

export type TasteFacts = {
  readonly excerptId: string;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly reason: string | undefined;
  readonly unavailable: Taste["unavailable"];
  readonly jobIds: readonly string[];
};

type Begun =
  | { readonly kind: "none" | "cutting" }
  | { readonly kind: "refused"; readonly error: Error }
  | { readonly kind: "begun"; readonly facts: TasteFacts };

export type TasteHandle = {
  readonly state: TasteState;
  readonly begin: (choices: Choices) => Promise<void>;
  readonly stop: () => void;
};

/** The latest taste of an upload: found again after a reload, begun, followed by the server's events. */
export function useTaste(uploadId: string): TasteHandle {
  const { jobs } = useApp();
  const [begun, setBegun] = useState<Begun>({ kind: "none" });
  useEffect(() => {
    const left = new AbortController();
    const find = async (): Promise<void> => {
      const { jobs: found } = await api.jobs({ limit: 20, tastes: "only" }, left.signal);
      const latest = found.find(({ taste }) => taste?.upload_id === uploadId)?.taste;
      if (latest === undefined || latest === null) return;
      const same = found.filter(({ taste }) => taste?.id === latest.id);
      for (const job of same) jobs.put(job);
      const excerptId = same.find(({ source }) => source.upload_id !== null)?.source.upload_id;
      if (excerptId === undefined || excerptId === null) return;
      const facts: TasteFacts = {
        excerptId,
        startSeconds: latest.start_seconds,
        durationSeconds: latest.duration_seconds,
        reason: undefined,
        unavailable: [],
        jobIds: same.map(({ id }) => id),
      };
      setBegun((now) => (now.kind === "none" ? { kind: "begun", facts } : now));
    };
    find().catch((error: unknown) => {
      if (!isAbort(error)) setBegun((now) => now); // an earlier taste that cannot be found is none
    });
    return () => left.abort();
  }, [uploadId, jobs]);

  const begin = useCallback(
    async (choices: Choices): Promise<void> => {
      setBegun({ kind: "cutting" });
      try {
        const { excerpt, jobs: made, unavailable } = await api.taste(uploadId, choices);
        for (const job of made) jobs.put(job);
        const facts: TasteFacts = {
          excerptId: excerpt.upload_id,
          startSeconds: excerpt.start_seconds,
          durationSeconds: excerpt.duration_seconds,
          reason: excerpt.reason,
          unavailable,
          jobIds: made.map(({ id }) => id),
        };
        setBegun({ kind: "begun", facts });
      } catch (error) {
        setBegun({ kind: "refused", error: error instanceof Error ? error : new Error(String(error)) });
      }
    },
    [uploadId, jobs],
  );

  // Any change of any job draws this anew; there are a few a second at most.
  useSyncExternalStore(jobs.subscribe, jobs.state);
  const state = stateOf(begun, (id) => jobs.job(id));
  const stop = (): void => {
    if (state.kind !== "running") return;
    for (const { id, state: now } of state.jobs) if (isActive(now)) void api.cancel(id).then((job) => jobs.put(job));
  };
  return { state, begin, stop };
}

function stateOf(begun: Begun, jobOf: (id: string) => Job | undefined): TasteState {
  if (begun.kind !== "begun") return begun.kind === "refused" ? begun : { kind: begun.kind };
  const jobs = begun.facts.jobIds.map(jobOf).filter((job) => job !== undefined);
  return { kind: jobs.some(({ state }) => isActive(state)) ? "running" : "done", facts: begun.facts, jobs };
}
