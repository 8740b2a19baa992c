import { type RefObject, useLayoutEffect, useState } from "react";

/** An element's size in screen pixels, and how many of them a CSS pixel is. */
export type ScreenSize = { readonly width: number; readonly height: number; readonly ratio: number };

export function useElementSize(element: RefObject<HTMLElement | null>): ScreenSize {
  const [size, setSize] = useState<ScreenSize>({ width: 0, height: 0, ratio: 1 });
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const measure = (): void => {
      const ratio = devicePixelRatio;
      const { width, height } = current.getBoundingClientRect();
      setSize({ width: Math.round(width * ratio), height: Math.round(height * ratio), ratio });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
