import type { ReactNode } from "react";
import type { Loaded } from "../state/use-loaded.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";

type LoadedPanelProps<Value> = { readonly loaded: Loaded<Value>; readonly children: (value: Value) => ReactNode };

/** What was loaded; what happened instead, where it was not. */
export function LoadedPanel<Value>({ loaded: { value, error, reload }, children }: LoadedPanelProps<Value>) {
  return (
    <>
      {error !== undefined && (
        <Notice
          tone="bad"
          title="That could not be read"
          actions={
            <Button icon="retry" onClick={reload}>
              Try again
            </Button>
          }
        >
          {error.message}
        </Notice>
      )}
      {value === undefined ? error === undefined && <p role="status">Loading…</p> : children(value)}
    </>
  );
}
