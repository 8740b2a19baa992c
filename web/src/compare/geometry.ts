import { clamp, type View, zoomSteps } from "./view.ts";

export type Size = { readonly width: number; readonly height: number };
export type Rect = Size & { readonly x: number; readonly y: number };
export type Place = Pick<View, "zoom" | "centerX" | "centerY">;

/** The parts of the stage, in screen pixels: one, or two side by side (above each other where the stage is upright). */
export function panesOf(stage: Size, isSideBySide: boolean): readonly [Rect] | readonly [Rect, Rect] {
  if (!isSideBySide) return [{ x: 0, y: 0, ...stage }];
  const gap = 2;
  if (stage.width >= stage.height) {
    const width = Math.floor((stage.width - gap) / 2);
    return [
      { x: 0, y: 0, width, height: stage.height },
      { x: stage.width - width, y: 0, width, height: stage.height },
    ];
  }
  const height = Math.floor((stage.height - gap) / 2);
  return [
    { x: 0, y: 0, width: stage.width, height },
    { x: 0, y: stage.height - height, width: stage.width, height },
  ];
}

/** Screen pixels for each pixel of the picture. */
export function scaleOf(place: Place, pane: Size, picture: Size): number {
  if (place.zoom !== "fit") return place.zoom;
  return Math.min(pane.width / picture.width, pane.height / picture.height);
}

/** Where the whole picture lies on the stage; it may be larger than the pane. From 100 % on it begins on a whole pixel. */
export function pictureRect(place: Place, pane: Rect, picture: Size): Rect {
  const scale = scaleOf(place, pane, picture);
  const width = picture.width * scale;
  const height = picture.height * scale;
  const { centerX, centerY } = place.zoom === "fit" ? { centerX: 0.5, centerY: 0.5 } : place;
  const x = pane.x + pane.width / 2 - centerX * width;
  const y = pane.y + pane.height / 2 - centerY * height;
  return scale >= 1 ? { x: Math.round(x), y: Math.round(y), width, height } : { x, y, width, height };
}

/** Keeps the picture from being pushed off the pane. */
export function heldInside<Moved extends Place>(place: Moved, pane: Size, picture: Size): Moved {
  if (place.zoom === "fit") return place;
  const reach = (paneLength: number, pictureLength: number): number =>
    pictureLength <= paneLength ? 0 : 0.5 - paneLength / 2 / pictureLength;
  const x = reach(pane.width, picture.width * place.zoom);
  const y = reach(pane.height, picture.height * place.zoom);
  return { ...place, centerX: clamp(place.centerX, 0.5 - x, 0.5 + x), centerY: clamp(place.centerY, 0.5 - y, 0.5 + y) };
}

/** Zooms so that what lies under a point of the pane stays there. */
export function zoomedAt(place: Place, zoom: number, at: { x: number; y: number }, pane: Rect, picture: Size): Place {
  const before = pictureRect(place, pane, picture);
  const shareX = (at.x - before.x) / before.width;
  const shareY = (at.y - before.y) / before.height;
  const centerX = shareX - (at.x - pane.x - pane.width / 2) / (picture.width * zoom);
  const centerY = shareY - (at.y - pane.y - pane.height / 2) / (picture.height * zoom);
  return heldInside({ zoom, centerX, centerY }, pane, picture);
}

/** The next step in or out of 100 %, 200 %, …; undefined at the end. */
export function nextZoom(scale: number, direction: "in" | "out"): number | undefined {
  return direction === "in" ? zoomSteps.find((step) => step > scale * 1.01) : zoomSteps.findLast((step) => step < scale * 0.99);
}
