import { ApiError } from "../api/http.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import styles from "./key-gate.module.css";
import { Shell } from "./shell.tsx";

type UnreachableProps = { readonly error: Error; readonly onRetry: () => void };

/** When not even the first question is answered; it is asked again by itself. */
export function Unreachable({ error, onRetry }: UnreachableProps) {
  const isOffline = error instanceof ApiError && error.code === "offline";
  return (
    <Shell>
      <div className={styles.gate}>
        <Notice
          tone="bad"
          title={isOffline ? "The server does not answer" : "The server cannot say who you are"}
          actions={
            <Button icon="retry" onClick={onRetry}>
              Try again
            </Button>
          }
        >
          {isOffline ? "Start it with `npx upres serve`; this page goes on as soon as it answers." : error.message}
        </Notice>
      </div>
    </Shell>
  );
}
