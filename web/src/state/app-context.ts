import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { api } from "../api/endpoints.ts";
import { isAbort } from "../api/http.ts";
import type { Job, Session } from "../api/types.ts";
import type { JobsState, JobsStore } from "./jobs-store.ts";
import type { UploadState, UploadStore } from "./upload-store.ts";

export type AppParts = { readonly session: Session; readonly jobs: JobsStore; readonly uploads: UploadStore };

export const AppContext = createContext<AppParts | undefined>(undefined);

export function useApp(): AppParts {
  const parts = useContext(AppContext);
  if (parts === undefined) throw new Error("useApp outside of the app");
  return parts;
}

export function useJobs(): JobsState {
  const { jobs } = useApp();
  return useSyncExternalStore(jobs.subscribe, jobs.state);
}

export function useUpload(): UploadState {
  const { uploads } = useApp();
  return useSyncExternalStore(uploads.subscribe, uploads.state);
}

/** A job as the server last told it; asked for when nothing is known of it. */
export function useJob(id: string): { job: Job | undefined; error: Error | undefined } {
  const { jobs } = useApp();
  const job = useSyncExternalStore(jobs.subscribe, () => jobs.job(id));
  const [error, setError] = useState<Error>();
  const isKnown = job !== undefined;
  useEffect(() => {
    if (isKnown) return undefined;
    const left = new AbortController();
    setError(undefined);
    api.job(id, left.signal).then(
      (found) => jobs.put(found),
      (failure: unknown) => {
        if (!isAbort(failure)) setError(failure instanceof Error ? failure : new Error(String(failure)));
      },
    );
    return () => left.abort();
  }, [id, isKnown, jobs]);
  return { job, error };
}
