import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Segmented } from "../ui/segmented.tsx";
import styles from "./toolbar.module.css";
import type { Mode, View } from "./view.ts";

export type Partner = { readonly value: string; readonly label: string };

type ToolbarProps = {
  readonly view: View;
  /** Screen pixels for each pixel of the picture. */
  readonly scale: number;
  readonly partner: string;
  readonly partners: readonly Partner[];
  readonly isFlipped: boolean;
  readonly onMode: (mode: Mode) => void;
  readonly onZoom: (direction: "in" | "out" | "fit" | "pixels") => void;
  readonly onPartner: (value: string) => void;
  readonly onFlip: (isHeld: boolean) => void;
};

export function Toolbar(props: ToolbarProps) {
  const { view, scale, partner, partners, isFlipped, onMode, onZoom, onPartner, onFlip } = props;
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Comparison">
      <Segmented
        isDark
        label="How to compare"
        value={view.mode}
        onChange={onMode}
        options={[
          { value: "wipe", label: "Wipe", icon: "compare" },
          { value: "side", label: "Side by side", icon: "side" },
          { value: "flip", label: "Flip", icon: "flip" },
          { value: "difference", label: "Difference", icon: "difference" },
        ]}
      />
      <div className={styles.zoom} role="group" aria-label="Zoom">
        <Button look="quiet" size="small" onClick={() => onZoom("out")} aria-label="Zoom out (-)" title="Zoom out (-)">
          −
        </Button>
        <button type="button" className={styles.percent} onClick={() => onZoom("pixels")} title="One screen pixel for each pixel">
          <span className="numbers">{Math.round(scale * 100)} %</span>
        </button>
        <Button look="quiet" size="small" onClick={() => onZoom("in")} aria-label="Zoom in (+)" title="Zoom in (+)">
          +
        </Button>
        <Button
          look="quiet"
          size="small"
          onClick={() => onZoom("fit")}
          aria-pressed={view.zoom === "fit"}
          title="Whole picture (0)"
        >
          Fit
        </Button>
      </div>
      <Button
        look="quiet"
        size="small"
        icon="flip"
        aria-pressed={isFlipped}
        title="Hold to see the other one (F)"
        onPointerDown={() => onFlip(true)}
        onPointerUp={() => onFlip(false)}
        onPointerLeave={() => onFlip(false)}
        onPointerCancel={() => onFlip(false)}
        onKeyDown={(event) => [" ", "Enter"].includes(event.key) && onFlip(true)}
        onKeyUp={() => onFlip(false)}
        onBlur={() => onFlip(false)}
      >
        Hold to flip
      </Button>
      <label className={styles.partner}>
        <span>against</span>
        <select value={partner} onChange={(event) => onPartner(event.target.value)}>
          {partners.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <div className={styles.share}>
        <CopyButton look="quiet" label="Share view" text={() => location.href} />
      </div>
    </div>
  );
}
