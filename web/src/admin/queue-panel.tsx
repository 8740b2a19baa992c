import { useEffect } from "react";
import { api } from "../api/endpoints.ts";
import { useJobs } from "../state/app-context.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { useNow } from "../state/use-now.ts";
import { formatAgo } from "../ui/format.ts";
import { Table } from "../ui/table.tsx";
import { LoadedPanel } from "./loaded-panel.tsx";
import styles from "./queue-panel.module.css";

const lookEveryMs = 5000;

/** What waits and what works, looked at every few seconds. */
export function QueuePanel() {
  const queue = useLoaded(async (signal) => await api.admin.queue(signal), []);
  const workers = useLoaded(async (signal) => (await api.admin.workers(signal)).workers, []);
  const { reload: reloadQueue } = queue;
  const { reload: reloadWorkers } = workers;
  const { link } = useJobs();
  const now = useNow(lookEveryMs);
  useEffect(() => {
    if (link !== "live" || document.hidden) return;
    reloadQueue();
    reloadWorkers();
  }, [now, link, reloadQueue, reloadWorkers]);
  return (
    <div className={styles.panel}>
      <LoadedPanel loaded={queue}>
        {({ queued, running, oldest_queued_at: oldest, deliveries }) => (
          <dl className={`${styles.tiles} numbers`}>
            <Tile name="Running" value={running} />
            <Tile
              name="Waiting"
              value={queued}
              note={oldest === null ? undefined : `the oldest since ${formatAgo(oldest, now)}`}
            />
            <Tile name="Callbacks waiting" value={deliveries.waiting} />
            <Tile name="Callbacks delivered" value={deliveries.delivered} />
            <Tile name="Callbacks failed" value={deliveries.failed} isBad={deliveries.failed > 0} />
          </dl>
        )}
      </LoadedPanel>
      <h2>Workers</h2>
      <LoadedPanel loaded={workers}>
        {(found) => (
          <Table
            label="Workers"
            rows={found}
            keyOf={({ id }) => id}
            empty="No worker has been seen. Start one with `upres serve` or `upres worker`; jobs wait until then."
            columns={[
              {
                name: "Worker",
                cell: ({ host, is_alive: isAlive }) => (
                  <span className={styles.worker} data-alive={isAlive}>
                    {host}
                    {!isAlive && " (gone)"}
                  </span>
                ),
              },
              { name: "Version", isSpare: true, cell: ({ version }) => version },
              { name: "Since", isSpare: true, cell: ({ started_at: at }) => formatAgo(at, now) },
              { name: "Seen", cell: ({ seen_at: at }) => formatAgo(at, now) },
              { name: "Jobs", isNumber: true, cell: ({ running, concurrency }) => `${running} of ${concurrency}` },
            ]}
          />
        )}
      </LoadedPanel>
    </div>
  );
}

type TileProps = { readonly name: string; readonly value: number; readonly note?: string | undefined; readonly isBad?: boolean };

function Tile({ name, value, note, isBad = false }: TileProps) {
  return (
    <div data-bad={isBad}>
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <span>{note}</span>}
      </dd>
    </div>
  );
}
