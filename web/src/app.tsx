import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { api } from "./api/endpoints.ts";
import { ApiError, isAbort } from "./api/http.ts";
import { keyInUse, onKeyChange } from "./api/key.ts";
import type { Session } from "./api/types.ts";
import { NewJobPage } from "./new-job/new-job-page.tsx";
import { Pages } from "./pages.tsx";
import { useRoute } from "./routing/use-route.ts";
import { KeyGate } from "./shell/key-gate.tsx";
import { Shell } from "./shell/shell.tsx";
import { Unreachable } from "./shell/unreachable.tsx";
import { AppContext, type AppParts } from "./state/app-context.ts";
import { JobsStore } from "./state/jobs-store.ts";
import { UploadStore } from "./state/upload-store.ts";

const retryMs = 3000;

/** Asks who is there, then shows the pages; a key that stops working leads back to the question for one. */
export function App() {
  const key = useSyncExternalStore(onKeyChange, keyInUse);
  const { session, error, retry } = useSession(key);
  if (session !== undefined) return <SignedIn key={session.account.id} session={session} />;
  if (error instanceof ApiError && error.status === 401) return <KeyGate wasRefused={key !== undefined} />;
  if (error !== undefined) return <Unreachable error={error} onRetry={retry} />;
  return <Shell>{null}</Shell>;
}

function SignedIn({ session }: { readonly session: Session }) {
  const parts = useMemo((): AppParts => ({ session, jobs: new JobsStore(), uploads: new UploadStore() }), [session]);
  useEffect(() => {
    const left = new AbortController();
    void parts.jobs.follow(left.signal);
    return () => left.abort();
  }, [parts]);
  const route = useRoute();
  return (
    <AppContext value={parts}>
      <Shell route={route}>{route.page === "new" ? <NewJobPage uploadId={route.uploadId} /> : <Pages route={route} />}</Shell>
    </AppContext>
  );
}

function useSession(key: string | undefined): { session: Session | undefined; error: Error | undefined; retry: () => void } {
  const [state, setState] = useState<{ session?: Session; error?: Error }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    setState(({ error }) => (error === undefined ? {} : { error }));
    api.session(left.signal).then(
      (session) => setState({ session }),
      (failure: unknown) => {
        if (isAbort(failure)) return;
        setState({ error: failure instanceof Error ? failure : new Error(String(failure)) });
      },
    );
    return () => left.abort();
  }, [key, round]);
  const { session, error } = state;
  useEffect(() => {
    if (!(error instanceof ApiError) || error.code !== "offline") return undefined;
    const timer = setTimeout(() => setRound((before) => before + 1), retryMs);
    return () => clearTimeout(timer);
  }, [error]);
  return { session, error, retry: () => setRound((before) => before + 1) };
}
