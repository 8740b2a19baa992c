import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button.tsx";
import styles from "./dialog.module.css";

type DialogProps = {
  readonly title: string;
  readonly children?: ReactNode;
  /** Beside the button that closes it. */
  readonly actions?: ReactNode;
  readonly closeLabel?: string;
  readonly onClose: () => void;
};

/** A question over the page: the browser's own dialog keeps the focus inside and gives it back. */
export function Dialog({ title, children, actions, closeLabel, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const { current } = dialog;
    const before = document.activeElement;
    current?.showModal();
    return () => {
      current?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={id} onCancel={onClose}>
      <div className={styles.body}>
        <h2 id={id}>{title}</h2>
        <div className={styles.text}>{children}</div>
        <div className={styles.actions}>
          <Button onClick={onClose}>{closeLabel ?? (actions === undefined ? "Close" : "Keep it")}</Button>
          {actions}
        </div>
      </div>
    </dialog>
  );
}
