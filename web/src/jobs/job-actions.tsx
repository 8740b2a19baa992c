import { useState } from "react";
import { api } from "../api/endpoints.ts";
import type { Job } from "../api/types.ts";
import { navigate, useRoute } from "../routing/use-route.ts";
import { useApp } from "../state/app-context.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { isActive } from "./describe.ts";

type JobActionsProps = { readonly job: Job; readonly isCompact?: boolean };
type Asking = "nothing" | "remove" | Error;

/** Cancel, retry, delete; what cannot be undone is asked about. */
export function JobActions({ job, isCompact = false }: JobActionsProps) {
  const { jobs } = useApp();
  const route = useRoute();
  const [asking, setAsking] = useState<Asking>("nothing");
  const [isBusy, setIsBusy] = useState(false);
  const act = async (action: () => Promise<void>): Promise<void> => {
    setIsBusy(true);
    try {
      await action();
      setAsking("nothing");
    } catch (error) {
      setAsking(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setIsBusy(false);
    }
  };
  const cancel = async (): Promise<void> => jobs.put(await api.cancel(job.id));
  const retry = async (): Promise<void> => {
    const again = await api.retry(job.id);
    jobs.put(again);
    if (route.page === "job") navigate({ page: "job", id: again.id, tab: "overview" });
  };
  const remove = async (): Promise<void> => {
    await api.remove(job.id);
    if (route.page === "job") navigate({ page: "jobs" });
    jobs.drop(job.id);
  };
  const look = isCompact ? ({ size: "small", look: "quiet", iconOnly: true } as const) : ({} as const);
  return (
    <>
      {isActive(job.state) && (
        <Button {...look} icon="close" disabled={isBusy} onClick={() => void act(cancel)}>
          Cancel
        </Button>
      )}
      {(job.state === "failed" || job.state === "cancelled") && (
        <Button {...look} icon="retry" disabled={isBusy} onClick={() => void act(retry)}>
          Retry
        </Button>
      )}
      <Button
        {...look}
        {...(!isCompact && { look: "danger" })}
        icon="trash"
        disabled={isBusy}
        onClick={() => setAsking("remove")}
      >
        Delete
      </Button>
      {asking === "remove" && (
        <Dialog
          title={`Delete ${job.source.file_name}?`}
          onClose={() => setAsking("nothing")}
          actions={
            <Button look="danger" icon="trash" disabled={isBusy} onClick={() => void act(remove)}>
              Delete it
            </Button>
          }
        >
          {isActive(job.state) ? "It is cancelled first. " : ""}
          Its result is deleted for good, and the uploaded video too, if no other job uses it.
        </Dialog>
      )}
      {asking instanceof Error && (
        <Dialog title="That did not work" onClose={() => setAsking("nothing")}>
          <Notice tone="bad" title={asking.message} />
        </Dialog>
      )}
    </>
  );
}
