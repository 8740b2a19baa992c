import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./notice.module.css";
import { classNames } from "./class-names.ts";

const icons = { bad: "warn", warn: "warn", good: "check", plain: "info" } as const satisfies Record<string, IconName>;

type NoticeProps = {
  readonly tone?: keyof typeof icons;
  /** What happened. */
  readonly title: string;
  /** What to do about it. */
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
};

/** Says what happened and what to do; what went wrong is read out at once. */
export function Notice({ tone = "plain", title, children, actions }: NoticeProps) {
  return (
    <div className={classNames(styles.notice, styles[tone])} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icons[tone]} />
      <div className={styles.body}>
        <p className={styles.title}>{title}</p>
        {children !== undefined && <div className={styles.text}>{children}</div>}
      </div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
