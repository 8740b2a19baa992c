import type { AdminTab } from "../routing/route.ts";
import { navigate } from "../routing/use-route.ts";
import { useApp } from "../state/app-context.ts";
import { Notice } from "../ui/notice.tsx";
import { Tabs } from "../ui/tabs.tsx";
import styles from "./admin-page.module.css";
import { DeliveriesPanel } from "./deliveries-panel.tsx";
import { KeysPanel } from "./keys-panel.tsx";
import { ModelsPanel } from "./models-panel.tsx";
import { QueuePanel } from "./queue-panel.tsx";

const tabs: readonly { value: AdminTab; label: string }[] = [
  { value: "keys", label: "Keys & credits" },
  { value: "queue", label: "Queue & workers" },
  { value: "deliveries", label: "Deliveries" },
  { value: "models", label: "Models" },
];

/** What the operator sees and does. */
export function AdminPage({ tab }: { readonly tab: AdminTab }) {
  const { session } = useApp();
  if (!session.account.is_admin) {
    return (
      <div className={styles.page}>
        <Notice tone="warn" title="This page needs an admin key">
          Make one with <code>npx upres keys create --admin</code>, then forget the present key (top right) and paste the new one.
        </Notice>
      </div>
    );
  }
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Admin</h1>
        <p>
          Upres {session.version} at {session.public_url}
        </p>
      </div>
      <Tabs label="Admin" tabs={tabs} value={tab} onChange={(value) => navigate({ page: "admin", tab: value })}>
        <div className={styles.panel}>
          {tab === "keys" && <KeysPanel />}
          {tab === "queue" && <QueuePanel />}
          {tab === "deliveries" && <DeliveriesPanel />}
          {tab === "models" && <ModelsPanel />}
        </div>
      </Tabs>
    </div>
  );
}
