import { capitalised } from "../jobs/describe.ts";
import { Button } from "../ui/button.tsx";
import { formatDuration, formatMoney, formatSize } from "../ui/format.ts";
import styles from "./action-bar.module.css";
import type { AvailableTier } from "./choices.ts";
import type { TasteState } from "./use-taste.ts";

type ActionBarProps = {
  readonly tier: AvailableTier | undefined;
  readonly isBusy: boolean;
  readonly tasteState: TasteState;
  readonly onTaste: () => void;
  readonly onStart: () => void;
};

/** Says in one line what would start, and starts it. It stays in sight. */
export function ActionBar({ tier, isBusy, tasteState, onTaste, onStart }: ActionBarProps) {
  const isTasting = tasteState.kind === "cutting" || tasteState.kind === "running";
  return (
    <div className={styles.bar}>
      <p className={`${styles.summary} numbers`} aria-live="polite">
        {tier === undefined
          ? "No tier can do this; change the settings above."
          : `${capitalised(tier.tier)} · ${formatSize(tier.output.width, tier.output.height)} · about ${formatDuration(tier.time.seconds)} · ${formatMoney(tier.price_micros)}`}
      </p>
      <div className={styles.actions}>
        <Button icon="taste" disabled={isTasting || tier === undefined} onClick={onTaste}>
          {isTasting ? "Tasting…" : "Taste first"}
        </Button>
        <Button look="primary" icon="play" disabled={tier === undefined || isBusy} onClick={onStart}>
          Start the job
        </Button>
      </div>
    </div>
  );
}
