import { useState } from "react";
import { api } from "../api/endpoints.ts";
import type { AdminKey } from "../api/types.ts";
import { useLoaded } from "../state/use-loaded.ts";
import { useNow } from "../state/use-now.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatAgo } from "../ui/format.ts";
import { Table } from "../ui/table.tsx";
import styles from "./keys-panel.module.css";
import { LimitsDialog } from "./limits-dialog.tsx";
import { LoadedPanel } from "./loaded-panel.tsx";
import { GrantDialog, NewKeyDialog } from "./key-dialogs.tsx";

type Asking =
  | { readonly kind: "nothing" | "new" }
  | { readonly kind: "made"; readonly key: string; readonly name: string }
  | { readonly kind: "grant" | "limits" | "revoke"; readonly key: AdminKey };

/** Keys with what their accounts may spend and do. */
export function KeysPanel() {
  const loaded = useLoaded(async (signal) => (await api.admin.keys(signal)).keys, []);
  const [asking, setAsking] = useState<Asking>({ kind: "nothing" });
  const now = useNow(60_000);
  const close = (): void => setAsking({ kind: "nothing" });
  const done = (): void => {
    close();
    loaded.reload();
  };
  return (
    <div className={styles.panel}>
      <div className={styles.bar}>
        <p>A key belongs to an account; its credits and limits are the account's.</p>
        <Button look="primary" icon="add" onClick={() => setAsking({ kind: "new" })}>
          New key
        </Button>
      </div>
      <LoadedPanel loaded={loaded}>
        {(keys) => (
          <Table
            label="Keys"
            rows={keys}
            keyOf={({ id }) => id}
            empty="No keys yet: this machine may use the server without one. The first key closes it to everyone else."
            columns={[
              {
                name: "Name",
                cell: (key) => (
                  <span className={styles.name} data-revoked={key.revoked_at !== null}>
                    {key.name}
                    {key.is_admin && <em>admin</em>}
                    {key.revoked_at !== null && <em>revoked</em>}
                  </span>
                ),
              },
              { name: "Account", isSpare: true, cell: (key) => <code>{key.account_id.slice(0, 8)}</code> },
              { name: "Made", isSpare: true, cell: (key) => formatAgo(key.created_at, now) },
              {
                name: "Credits",
                isNumber: true,
                cell: ({ balance_micros: balance }) => (balance === null ? "no limit" : `$${(Number(balance) / 1e6).toFixed(2)}`),
              },
              { name: "At once", isNumber: true, isSpare: true, cell: (key) => key.max_concurrent_jobs ?? "default" },
              { name: "Waiting", isNumber: true, isSpare: true, cell: (key) => key.max_queue_length ?? "default" },
              { name: "A minute", isNumber: true, isSpare: true, cell: (key) => key.requests_per_minute ?? "default" },
              {
                name: "Actions",
                isNumber: true,
                cell: (key) =>
                  key.revoked_at === null && (
                    <span className={styles.actions}>
                      <Button size="small" look="quiet" onClick={() => setAsking({ kind: "grant", key })}>
                        Grant
                      </Button>
                      <Button size="small" look="quiet" onClick={() => setAsking({ kind: "limits", key })}>
                        Limits
                      </Button>
                      <Button size="small" look="quiet" onClick={() => setAsking({ kind: "revoke", key })}>
                        Revoke
                      </Button>
                    </span>
                  ),
              },
            ]}
          />
        )}
      </LoadedPanel>
      {asking.kind === "new" && (
        <NewKeyDialog
          onClose={close}
          onMade={({ key, name }) => {
            loaded.reload();
            setAsking({ kind: "made", key, name });
          }}
        />
      )}
      {asking.kind === "made" && (
        <Dialog title={`The key of ${asking.name}`} onClose={close}>
          <p>It is shown this once. Keep it where it is needed.</p>
          <p className={styles.secret}>
            <code>{asking.key}</code>
            <CopyButton text={asking.key} />
          </p>
        </Dialog>
      )}
      {asking.kind === "grant" && <GrantDialog target={asking.key} onClose={close} onDone={done} />}
      {asking.kind === "limits" && <LimitsDialog target={asking.key} onClose={close} onDone={done} />}
      {asking.kind === "revoke" && <RevokeDialog target={asking.key} onClose={close} onDone={done} />}
    </div>
  );
}

type RevokeProps = { readonly target: AdminKey; readonly onClose: () => void; readonly onDone: () => void };

function RevokeDialog({ target, onClose, onDone }: RevokeProps) {
  const [problem, setProblem] = useState<string>();
  const revoke = async (): Promise<void> => {
    try {
      await api.admin.revokeKey(target.id);
      onDone();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog
      title={`Revoke the key ${target.name}?`}
      onClose={onClose}
      actions={
        <Button look="danger" onClick={() => void revoke()}>
          Revoke it
        </Button>
      }
    >
      Requests with it are refused from now on. This cannot be undone; jobs under way go on.
      {problem !== undefined && <p role="alert">{problem}</p>}
    </Dialog>
  );
}
