import { type RefObject, useEffect, useState } from "react";

export type VirtualRows = { readonly first: number; readonly end: number };

/** Rows beyond the edges that are drawn already. */
const spare = 6;

/** Which rows of a long list are in sight. The window scrolls; all rows are equally high. */
export function useVirtualRows(list: RefObject<HTMLElement | null>, count: number, rowPixels: number): VirtualRows {
  const [rows, setRows] = useState<VirtualRows>({ first: 0, end: Math.min(count, 30) });
  useEffect(() => {
    const measure = (): void => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowPixels) - spare);
      const end = Math.min(count, Math.ceil((innerHeight - top) / rowPixels) + spare);
      setRows((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [list, count, rowPixels]);
  return rows;
}
