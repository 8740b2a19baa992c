import { api } from "../api/endpoints.ts";
import type { AdminKey } from "../api/types.ts";
import { Field, FormDialog, numberOf } from "./form-dialog.tsx";

type LimitsProps = { readonly target: AdminKey; readonly onClose: () => void; readonly onDone: () => void };

const fields = [
  ["max_concurrent_jobs", "Jobs at the same time"],
  ["max_queue_length", "Jobs that may wait"],
  ["requests_per_minute", "Requests a minute"],
] as const;

/** What the account of a key may do at most; an empty field leaves it to the server's setting. */
export function LimitsDialog({ target, onClose, onDone }: LimitsProps) {
  const submit = async (values: FormData): Promise<void> => {
    const limits = Object.fromEntries(fields.map(([name]) => [name, numberOf(values, name) ?? null]));
    await api.admin.changeAccount(target.account_id, limits);
    onDone();
  };
  return (
    <FormDialog title={`Limits of ${target.name}`} verb="Save" onClose={onClose} onSubmit={submit}>
      {fields.map(([name, label]) => (
        <Field
          key={name}
          name={name}
          label={label}
          type="number"
          step="1"
          value={String(target[name] ?? "")}
          placeholder="The server's setting"
        />
      ))}
    </FormDialog>
  );
}
