import { type PointerEvent, type RefObject, useEffect, useRef } from "react";
import type { ScreenSize } from "../state/use-element-size.ts";
import { heldInside, nextZoom, panesOf, pictureRect, type Rect, scaleOf, type Size, zoomedAt } from "./geometry.ts";
import { wipeAt, wipeLine } from "./paint.ts";
import { clamp, type View } from "./view.ts";

type PointerOptions = {
  readonly element: RefObject<HTMLElement | null>;
  readonly screen: ScreenSize;
  readonly picture: Size;
  readonly view: View;
  readonly onChange: (view: View) => void;
};

type Point = { x: number; y: number };
type Drag = { readonly kind: "wipe" | "pan" | "pinch"; readonly view: View; readonly from: Point; readonly spread: number };

/** This near to the wipe's line, in CSS pixels, a zoomed picture is wiped and not moved. */
const gripPixels = 24;

/** Drags the wipe's line, moves the zoomed picture, zooms by wheel, pinch and double click. */
export function useStagePointer({ element, screen, picture, view, onChange }: PointerOptions) {
  const pointers = useRef(new Map<number, Point>());
  const drag = useRef<Drag>(undefined);
  const latest = useRef({ view, onChange, screen, picture });
  useEffect(() => {
    latest.current = { view, onChange, screen, picture };
  });

  const pointOf = (event: { clientX: number; clientY: number }): Point => {
    const box = element.current?.getBoundingClientRect();
    const { ratio } = latest.current.screen;
    return { x: (event.clientX - (box?.left ?? 0)) * ratio, y: (event.clientY - (box?.top ?? 0)) * ratio };
  };
  const paneAt = ({ x, y }: Point): Rect => {
    const panes = panesOf(latest.current.screen, latest.current.view.mode === "side");
    const hit = panes.find((pane) => x >= pane.x && x < pane.x + pane.width && y >= pane.y && y < pane.y + pane.height);
    return hit ?? panes[0];
  };

  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const now = latest.current;
      const at = pointOf(event);
      const pane = paneAt(at);
      const scale = scaleOf(now.view, pane, now.picture);
      const fit = scaleOf({ ...now.view, zoom: "fit" }, pane, now.picture);
      const zoom = clamp(scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), fit, 32);
      now.onChange({ ...now.view, ...(zoom <= fit ? { zoom: "fit" } : zoomedAt(now.view, zoom, at, pane, now.picture)) });
    };
    current.addEventListener("wheel", onWheel, { passive: false });
    return () => current.removeEventListener("wheel", onWheel);
  });

  const begin = (): void => {
    const [first, second] = [...pointers.current.values()];
    if (first === undefined) return;
    if (second !== undefined) {
      const middle = { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 };
      drag.current = { kind: "pinch", view, from: middle, spread: Math.hypot(first.x - second.x, first.y - second.y) };
      return;
    }
    const pane = paneAt(first);
    const line = wipeLine(view, pane, pictureRect(view, pane, picture));
    const isNear = Math.abs(first.x - line) < gripPixels * screen.ratio;
    const kind = view.mode === "wipe" && (view.zoom === "fit" || isNear) ? "wipe" : "pan";
    drag.current = { kind, view, from: first, spread: 0 };
    if (kind === "wipe") onChange({ ...view, wipe: wipeAt(first.x, pane, pictureRect(view, pane, picture)) });
  };

  const move = (): void => {
    const [first, second] = [...pointers.current.values()];
    if (drag.current === undefined || first === undefined) return;
    const { kind, view: start, from, spread } = drag.current;
    const pane = paneAt(from);
    if (kind === "wipe") onChange({ ...view, wipe: wipeAt(first.x, pane, pictureRect(view, pane, picture)) });
    else if (kind === "pinch" && second !== undefined) {
      const grown = Math.hypot(first.x - second.x, first.y - second.y) / Math.max(1, spread);
      const fit = scaleOf({ ...start, zoom: "fit" }, pane, picture);
      const zoom = clamp(scaleOf(start, pane, picture) * grown, fit, 32);
      onChange({ ...view, ...(zoom <= fit ? { zoom: "fit" } : zoomedAt(start, zoom, from, pane, picture)) });
    } else if (start.zoom !== "fit") {
      const centerX = start.centerX - (first.x - from.x) / (picture.width * start.zoom);
      const centerY = start.centerY - (first.y - from.y) / (picture.height * start.zoom);
      onChange(heldInside({ ...view, centerX, centerY }, pane, picture));
    }
  };

  return {
    onPointerDown: (event: PointerEvent<HTMLElement>): void => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      pointers.current.set(event.pointerId, pointOf(event));
      begin();
    },
    onPointerMove: (event: PointerEvent<HTMLElement>): void => {
      if (!pointers.current.has(event.pointerId)) return;
      pointers.current.set(event.pointerId, pointOf(event));
      move();
    },
    onPointerUp: (event: PointerEvent<HTMLElement>): void => {
      pointers.current.delete(event.pointerId);
      drag.current = undefined;
    },
    onPointerCancel: (event: PointerEvent<HTMLElement>): void => {
      pointers.current.delete(event.pointerId);
      drag.current = undefined;
    },
    onDoubleClick: (event: { clientX: number; clientY: number }): void => {
      const at = pointOf(event);
      const pane = paneAt(at);
      const next = view.zoom === "fit" ? zoomedAt(view, Math.max(1, scaleOf(view, pane, picture)), at, pane, picture) : undefined;
      onChange({ ...view, ...(next ?? { zoom: "fit" }) });
    },
  };
}

/** One step in or out around the middle of the stage. */
export function zoomedByStep(view: View, direction: "in" | "out", screen: Size, picture: Size): View {
  const [pane] = panesOf(screen, view.mode === "side");
  const fit = scaleOf({ ...view, zoom: "fit" }, pane, picture);
  const next = nextZoom(scaleOf(view, pane, picture), direction);
  if (next === undefined) return view;
  if (next <= fit) return { ...view, zoom: "fit" };
  const middle = { x: pane.x + pane.width / 2, y: pane.y + pane.height / 2 };
  return { ...view, ...zoomedAt(view, next, middle, pane, picture) };
}
