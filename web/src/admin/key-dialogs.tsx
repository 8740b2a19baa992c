import { api } from "../api/endpoints.ts";
import type { AdminKey } from "../api/types.ts";
import { Field, FormDialog, microsOf, textOf } from "./form-dialog.tsx";
import styles from "./keys-panel.module.css";

type NewKeyProps = { readonly onClose: () => void; readonly onMade: (made: { key: string; name: string }) => void };

export function NewKeyDialog({ onClose, onMade }: NewKeyProps) {
  const submit = async (values: FormData): Promise<void> => {
    const credits = microsOf(values, "credits");
    const made = await api.admin.createKey({
      name: textOf(values, "name"),
      ...(credits !== undefined && { credits_micros: credits }),
      ...(values.get("admin") !== null && { is_admin: true }),
    });
    onMade(made);
  };
  return (
    <FormDialog title="New key" verb="Make it" onClose={onClose} onSubmit={submit}>
      <Field name="name" label="Name" isRequired placeholder="What it is for" />
      <Field name="credits" label="Credits in dollars" type="number" step="0.01" placeholder="No limit" />
      <label className={styles.check}>
        <input type="checkbox" name="admin" /> May use this admin page
      </label>
    </FormDialog>
  );
}

type GrantProps = { readonly target: AdminKey; readonly onClose: () => void; readonly onDone: () => void };

export function GrantDialog({ target, onClose, onDone }: GrantProps) {
  const submit = async (values: FormData): Promise<void> => {
    await api.admin.grant(target.id, microsOf(values, "dollars") ?? "0");
    onDone();
  };
  const present =
    target.balance_micros === null
      ? "It has no limit now; a grant gives it one."
      : `It has $${(Number(target.balance_micros) / 1e6).toFixed(2)} now.`;
  return (
    <FormDialog title={`Grant credits to ${target.name}`} verb="Grant" onClose={onClose} onSubmit={submit}>
      <p>{present}</p>
      <Field name="dollars" label="Dollars to add" type="number" step="0.01" isRequired />
    </FormDialog>
  );
}
