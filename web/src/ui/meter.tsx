import styles from "./meter.module.css";
import { classNames } from "./class-names.ts";

type MeterProps = { readonly label: string; readonly value: number; readonly tone?: "accent" | "good" | "bad" | "idle" };

/** How much is done, 0 to 1. */
export function Meter({ label, value, tone = "accent" }: MeterProps) {
  const percent = Math.round(value * 1000) / 10;
  return (
    <div
      className={styles.meter}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
    >
      <div className={classNames(styles.bar, styles[tone])} style={{ width: `${percent}%` }} />
    </div>
  );
}
