export const modes = ["wipe", "side", "flip", "difference"] as const;
export type Mode = (typeof modes)[number];

/** What is looked at: all that a shared link has to say.
 *  Units: `zoom` is screen pixels for each pixel of the larger picture; centre and wipe are shares of width and height. */
export type View = {
  readonly mode: Mode;
  /** Counted from 0, in the second picture's frames. */
  readonly frame: number;
  readonly zoom: "fit" | number;
  readonly centerX: number;
  readonly centerY: number;
  readonly wipe: number;
};

export const firstView: View = { mode: "wipe", frame: 0, zoom: "fit", centerX: 0.5, centerY: 0.5, wipe: 0.5 };

export const zoomSteps: readonly number[] = [0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

export function readView(query: URLSearchParams): View {
  const zoom = query.get("zoom");
  return {
    mode: modes.find((mode) => mode === query.get("mode")) ?? firstView.mode,
    frame: Math.round(numberIn(query.get("frame"), 0, Number.MAX_SAFE_INTEGER, firstView.frame)),
    zoom: zoom === null || zoom === "fit" ? "fit" : numberIn(zoom, 0.05, 64, 1),
    centerX: numberIn(query.get("x"), 0, 1, 0.5),
    centerY: numberIn(query.get("y"), 0, 1, 0.5),
    wipe: numberIn(query.get("wipe"), 0, 1, 0.5),
  };
}

export function writeView(view: View, query: URLSearchParams): void {
  query.set("mode", view.mode);
  query.set("frame", String(view.frame));
  query.set("zoom", view.zoom === "fit" ? "fit" : String(rounded(view.zoom)));
  for (const name of ["x", "y", "wipe"]) query.delete(name);
  if (view.zoom !== "fit") {
    query.set("x", String(rounded(view.centerX)));
    query.set("y", String(rounded(view.centerY)));
  }
  if (view.mode === "wipe") query.set("wipe", String(rounded(view.wipe)));
}

function numberIn(text: string | null, least: number, most: number, otherwise: number): number {
  const value = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? clamp(value, least, most) : otherwise;
}

/** A 4K picture has 3840 columns: five digits name each of them. */
function rounded(value: number): number {
  return Math.round(value * 100_000) / 100_000;
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
