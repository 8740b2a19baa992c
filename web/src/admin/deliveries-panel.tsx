import { useState } from "react";
import { api } from "../api/endpoints.ts";
import { formatRoute } from "../routing/route.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { useNow } from "../state/use-now.ts";
import { Button } from "../ui/button.tsx";
import { formatAgo } from "../ui/format.ts";
import { Notice } from "../ui/notice.tsx";
import { Table } from "../ui/table.tsx";
import styles from "./deliveries-panel.module.css";
import { LoadedPanel } from "./loaded-panel.tsx";

/** Callbacks to other programs, and sending them again. */
export function DeliveriesPanel() {
  const loaded = useLoaded(async (signal) => (await api.admin.deliveries(signal)).deliveries, []);
  const [told, setTold] = useState<{ title: string; tone: "good" | "bad" }>();
  const now = useNow(60_000);
  const resend = async (id: string): Promise<void> => {
    try {
      await api.admin.resend(id);
      setTold({ tone: "good", title: "It is being sent again." });
      loaded.reload();
    } catch (error) {
      setTold({ tone: "bad", title: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <div className={styles.panel}>
      <div className={styles.bar}>
        <Button size="small" icon="retry" onClick={loaded.reload}>
          Look again
        </Button>
      </div>
      {told !== undefined && <Notice tone={told.tone} title={told.title} />}
      <LoadedPanel loaded={loaded}>
        {(deliveries) => (
          <Table
            label="Deliveries"
            rows={deliveries}
            keyOf={({ id }) => id}
            empty="No callbacks yet. Jobs that name a webhook send one when they end."
            columns={[
              {
                name: "State",
                cell: ({ state }) => (
                  <span className={styles.state} data-state={state}>
                    {state}
                  </span>
                ),
              },
              {
                name: "To",
                cell: ({ url }) => (
                  <span className={styles.url} title={url}>
                    {url}
                  </span>
                ),
              },
              {
                name: "Job",
                isSpare: true,
                cell: ({ job_id: id }) => <a href={formatRoute({ page: "job", id, tab: "overview" })}>{id.slice(0, 8)}</a>,
              },
              { name: "Tries", isNumber: true, isSpare: true, cell: ({ attempts }) => attempts },
              { name: "Last answer", cell: ({ last_outcome: outcome }) => outcome ?? "none yet" },
              { name: "Made", isSpare: true, cell: ({ created_at: at }) => formatAgo(at, now) },
              {
                name: "Actions",
                isNumber: true,
                cell: ({ id }) => (
                  <Button size="small" look="quiet" icon="retry" onClick={() => void resend(id)}>
                    Send again
                  </Button>
                ),
              },
            ]}
          />
        )}
      </LoadedPanel>
    </div>
  );
}
