import { panesOf, pictureRect, type Rect, scaleOf, type Size } from "./geometry.ts";
import type { View } from "./view.ts";

/** What a canvas can draw: a decoded frame, or a playing video. */
export type Picture = ImageBitmap | HTMLVideoElement;

export type PaintInput = {
  readonly first: Picture | undefined;
  readonly second: Picture | undefined;
  /** The size that zoom is counted in: the second picture's. */
  readonly picture: Size;
  readonly view: View;
  /** Shows the other one of the two while it is held. */
  readonly isFlipped: boolean;
};

/** How many times the difference is doubled, to be seen: 2^3 = 8 times. */
const differenceDoublings = 3;

/** Draws the stage. Both pictures cover the same place, whatever their sizes; above 100 % every pixel is a square. */
export function paint(context: CanvasRenderingContext2D, stage: Size, input: PaintInput): void {
  const { first, second, picture, view, isFlipped } = input;
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "#101214";
  context.fillRect(0, 0, stage.width, stage.height);
  const panes = panesOf(stage, view.mode === "side");
  const [pane, otherPane = pane] = panes;
  const where = pictureRect(view, pane, picture);
  const isSmooth = scaleOf(view, pane, picture) <= 1;
  const draw = (what: Picture | undefined, clip: Rect, to: Rect): void => {
    if (what !== undefined) drawClipped(context, what, { clip, to, isSmooth });
  };
  switch (view.mode) {
    case "side":
      draw(isFlipped ? second : first, pane, where);
      draw(isFlipped ? first : second, otherPane, pictureRect(view, otherPane, picture));
      return;
    case "flip":
      draw(isFlipped ? first : second, pane, where);
      return;
    case "difference":
      draw(first, pane, where);
      if (isFlipped || first === undefined || second === undefined) return;
      context.globalCompositeOperation = "difference";
      draw(second, pane, where);
      amplify(context, stage);
      return;
    case "wipe": {
      const line = wipeLine(view, pane, where);
      draw(isFlipped ? second : first, { ...pane, width: line - pane.x }, where);
      draw(isFlipped ? first : second, { ...pane, x: line, width: pane.x + pane.width - line }, where);
      context.fillStyle = "rgb(255 255 255 / 90%)";
      context.fillRect(line - 1, pane.y, 2, pane.height);
    }
  }
}

/** Where the wipe's line stands, in whole screen pixels: a share of the part of the picture that is in sight. */
export function wipeLine(view: Pick<View, "wipe">, pane: Rect, where: Rect): number {
  const { left, width } = seenSpan(pane, where);
  return Math.round(left + view.wipe * width);
}

export function wipeAt(x: number, pane: Rect, where: Rect): number {
  const { left, width } = seenSpan(pane, where);
  return Math.min(1, Math.max(0, (x - left) / width));
}

function seenSpan(pane: Rect, where: Rect): { left: number; width: number } {
  const left = Math.max(pane.x, where.x);
  const right = Math.min(pane.x + pane.width, where.x + where.width);
  return { left, width: Math.max(1, right - left) };
}

type Clipped = { readonly clip: Rect; readonly to: Rect; readonly isSmooth: boolean };

function drawClipped(context: CanvasRenderingContext2D, what: Picture, { clip, to, isSmooth }: Clipped): void {
  context.save();
  context.beginPath();
  context.rect(clip.x, clip.y, clip.width, clip.height);
  context.clip();
  context.imageSmoothingEnabled = isSmooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(what, to.x, to.y, to.width, to.height);
  context.restore();
}

/** Adds the canvas to itself: each time everything is twice as bright. */
function amplify(context: CanvasRenderingContext2D, stage: Size): void {
  context.globalCompositeOperation = "lighter";
  context.imageSmoothingEnabled = false;
  for (let time = 0; time < differenceDoublings; time += 1) {
    context.drawImage(context.canvas, 0, 0, stage.width, stage.height);
  }
  context.globalCompositeOperation = "source-over";
}
