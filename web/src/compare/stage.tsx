import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from "react";
import { type ScreenSize, useElementSize } from "../state/use-element-size.ts";
import { formatSize } from "../ui/format.ts";
import { heldInside, panesOf, pictureRect, type Size } from "./geometry.ts";
import { paint, type Picture, wipeLine } from "./paint.ts";
import styles from "./stage.module.css";
import { useStagePointer } from "./use-stage-pointer.ts";
import { clamp, type View } from "./view.ts";

type StageProps = {
  readonly first: Picture | undefined;
  readonly second: Picture | undefined;
  readonly names: readonly [string, string];
  readonly sizes: readonly [Size, Size];
  readonly view: View;
  readonly isFlipped: boolean;
  readonly onChange: (view: View) => void;
  readonly onResize: (screen: ScreenSize) => void;
};

/** The two pictures on one canvas. */
export function Stage({ first, second, names, sizes, view, isFlipped, onChange, onResize }: StageProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const screen = useElementSize(frame);
  const [, picture] = sizes;
  const pointer = useStagePointer({ element: frame, screen, picture, view, onChange });
  useEffect(() => onResize(screen), [screen, onResize]);

  // No list of dependencies: pictures that play change without React knowing.
  useLayoutEffect(() => {
    const { current } = canvas;
    const context = current?.getContext("2d", { alpha: false });
    if (current === null || context === null || context === undefined || screen.width === 0) return;
    if (current.width !== screen.width) current.width = screen.width;
    if (current.height !== screen.height) current.height = screen.height;
    paint(context, screen, { first, second, picture, view, isFlipped });
  });

  const [pane] = panesOf(screen, false);
  const line = wipeLine(view, pane, pictureRect(view, pane, picture)) / screen.ratio;
  const moveWipe = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 0.1 : 0.01;
    const moves: Record<string, number> = {
      ArrowLeft: -step,
      ArrowRight: step,
      ArrowDown: -step,
      ArrowUp: step,
      Home: -1,
      End: 1,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    onChange({ ...view, wipe: clamp(view.wipe + move, 0, 1) });
  };
  const pan = (event: KeyboardEvent): void => {
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (move === undefined || view.zoom === "fit") return;
    event.preventDefault();
    const [x, y] = [(move[0] * 40) / view.zoom / picture.width, (move[1] * 40) / view.zoom / picture.height];
    const [shown] = panesOf(screen, view.mode === "side");
    onChange(heldInside({ ...view, centerX: view.centerX + x, centerY: view.centerY + y }, shown, picture));
  };
  const shown = isFlipped ? 0 : 1;
  return (
    <div className={styles.stage} ref={frame} data-mode={view.mode} data-zoomed={view.zoom !== "fit"} {...pointer}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        tabIndex={0}
        role="img"
        aria-label={`${names[0]} and ${names[1]}, ${modeWords[view.mode]}, frame ${view.frame + 1}`}
        onKeyDown={pan}
      />
      {view.mode === "wipe" && (
        <div
          className={styles.grip}
          style={{ left: line }}
          role="slider"
          tabIndex={0}
          aria-label="Wipe line"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(view.wipe * 100)}
          aria-valuetext={`${Math.round(view.wipe * 100)} percent ${names[isFlipped ? 1 : 0]}`}
          onKeyDown={moveWipe}
        >
          <span className={styles.knob} aria-hidden="true" />
        </div>
      )}
      {view.mode === "wipe" || view.mode === "side" ? (
        <>
          <Name side="left" text={names[isFlipped ? 1 : 0]} size={sizes[isFlipped ? 1 : 0]} />
          <Name side="right" text={names[shown]} size={sizes[shown]} />
        </>
      ) : (
        <Name
          side="left"
          text={view.mode === "difference" && !isFlipped ? "Difference × 8" : names[view.mode === "difference" ? 0 : shown]}
          size={sizes[shown]}
        />
      )}
    </div>
  );
}

const modeWords = {
  wipe: "divided by a line",
  side: "side by side",
  flip: "one at a time",
  difference: "their difference, eight times brighter",
} as const;

function Name({ side, text, size }: { readonly side: "left" | "right"; readonly text: string; readonly size: Size }) {
  return (
    <p className={styles.name} data-side={side}>
      <strong>{text}</strong> <span className="numbers">{formatSize(size.width, size.height)}</span>
    </p>
  );
}
