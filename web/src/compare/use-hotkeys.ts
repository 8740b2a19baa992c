import { useEffect, useRef } from "react";

export type Hotkeys = Readonly<Record<string, (() => void) | undefined>>;

/** Keys that work wherever the focus is, except where they would be typed or would press what has it. */
export function useHotkeys(pressed: Hotkeys, released: Hotkeys = {}): void {
  const latest = useRef({ pressed, released });
  useEffect(() => {
    latest.current = { pressed, released };
  });
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
      const action = latest.current.pressed[event.key.toLowerCase()];
      if (action === undefined) return;
      event.preventDefault();
      if (!event.repeat || repeatable.has(event.key)) action();
    };
    const up = (event: KeyboardEvent): void => latest.current.released[event.key.toLowerCase()]?.();
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
    };
  }, []);
}

const repeatable = new Set([",", ".", "+", "-", "="]);

function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("textarea, select, input:not([type=radio]):not([type=range]), dialog *")) return true;
  return key === " " && target.matches("button, a, summary, input, [role=tab]");
}
