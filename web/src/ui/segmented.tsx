import { useId } from "react";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./segmented.module.css";

type Option<Value extends string> = {
  readonly value: Value;
  readonly label: string;
  readonly icon?: IconName;
  readonly disabled?: boolean;
};

type SegmentedProps<Value extends string> = {
  readonly label: string;
  readonly options: readonly Option<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly isDark?: boolean;
};

/** One of a few, all in sight: radio buttons, so that arrow keys move between them. */
export function Segmented<Value extends string>({ label, options, value, onChange, isDark = false }: SegmentedProps<Value>) {
  const name = useId();
  return (
    <div className={classNames(styles.group, isDark && styles.dark)} role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} className={styles.option} title={option.label}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            disabled={option.disabled === true}
            onChange={() => onChange(option.value)}
          />
          <span className={styles.face}>
            {option.icon !== undefined && <Icon name={option.icon} />}
            <span className={classNames(option.icon !== undefined && styles.word)}>{option.label}</span>
          </span>
        </label>
      ))}
    </div>
  );
}
