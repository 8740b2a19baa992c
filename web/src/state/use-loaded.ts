import { type DependencyList, useCallback, useEffect, useState } from "react";
import { isAbort } from "../api/http.ts";

export type Loaded<Value> = {
  /** The latest that came, also while the next is on its way. */
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
};

/** Loads something when what it depends on changes; what came before stays in sight meanwhile. */
export function useLoaded<Value>(load: (signal: AbortSignal) => Promise<Value>, dependsOn: DependencyList): Loaded<Value> {
  const [state, setState] = useState<Omit<Loaded<Value>, "reload">>({ value: undefined, error: undefined, isLoading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    setState(({ value }) => ({ value, error: undefined, isLoading: true }));
    load(left.signal).then(
      (value) => left.signal.aborted || setState({ value, error: undefined, isLoading: false }),
      (failure: unknown) => {
        if (left.signal.aborted || isAbort(failure)) return;
        const error = failure instanceof Error ? failure : new Error(String(failure));
        setState(({ value }) => ({ value, error, isLoading: false }));
      },
    );
    return () => left.abort();
    // `load` is made anew by every render; what it depends on is said by the caller.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [...dependsOn, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { ...state, reload };
}
