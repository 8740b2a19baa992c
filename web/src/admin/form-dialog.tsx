import { type FormEvent, type ReactNode, useId, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import styles from "./keys-panel.module.css";

type FormDialogProps = {
  readonly title: string;
  readonly verb: string;
  readonly children: ReactNode;
  readonly onClose: () => void;
  /** Throws: what went wrong, shown below the fields. */
  readonly onSubmit: (values: FormData) => Promise<void>;
};

/** A few fields and a button; stays open while it does not work. */
export function FormDialog({ title, verb, children, onClose, onSubmit }: FormDialogProps) {
  const id = useId();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setIsBusy(true);
    try {
      await onSubmit(new FormData(event.currentTarget));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setIsBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      closeLabel="Cancel"
      actions={
        <Button type="submit" form={id} look="primary" disabled={isBusy}>
          {verb}
        </Button>
      }
    >
      <form id={id} className={styles.form} onSubmit={(event) => void submit(event)}>
        {children}
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            {problem}
          </p>
        )}
      </form>
    </Dialog>
  );
}

type FieldProps = {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "number";
  readonly value?: string;
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  readonly step?: string;
};

export function Field({ name, label, type = "text", value = "", placeholder, isRequired = false, step }: FieldProps) {
  return (
    <label className={styles.field}>
      <span>{label}</span>
      <input
        name={name}
        type={type}
        defaultValue={value}
        placeholder={placeholder}
        required={isRequired}
        step={step}
        min={type === "number" ? 0 : undefined}
        autoComplete="off"
      />
    </label>
  );
}

/** A whole number that was typed; undefined for an empty field. */
export function numberOf(values: FormData, name: string): number | undefined {
  const text = textOf(values, name);
  return text === "" ? undefined : Number(text);
}

export function textOf(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** Dollars as typed, in millionths. */
export function microsOf(values: FormData, name: string): string | undefined {
  const dollars = numberOf(values, name);
  return dollars === undefined ? undefined : String(Math.round(dollars * 1_000_000));
}
