import { useEffect, useState } from "react";

export type Theme = "system" | "light" | "dark";
const storageName = "upres.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  try {
    const value = localStorage.getItem(storageName);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function shown(theme: Theme): "light" | "dark" {
  if (theme !== "system") return theme;
  return dark.matches ? "dark" : "light";
}

/** Sets the page's colours before anything is drawn. */
export function applyTheme(theme: Theme = stored()): void {
  document.documentElement.dataset["theme"] = shown(theme);
}

export function useTheme(): { isDark: boolean; toggle: () => void } {
  const [theme, setTheme] = useState<Theme>(stored);
  const [, setTurns] = useState(0);
  useEffect(() => {
    const turned = (): void => {
      applyTheme(theme);
      setTurns((before) => before + 1);
    };
    applyTheme(theme);
    dark.addEventListener("change", turned);
    return () => dark.removeEventListener("change", turned);
  }, [theme]);
  const isDark = shown(theme) === "dark";
  const toggle = (): void => {
    const next = isDark ? "light" : "dark";
    // The system's own choice is followed again once it is chosen.
    const kept: Theme = (next === "dark") === dark.matches ? "system" : next;
    try {
      if (kept === "system") localStorage.removeItem(storageName);
      else localStorage.setItem(storageName, kept);
    } catch {
      // It lasts as long as the page.
    }
    setTheme(kept);
  };
  return { isDark, toggle };
}
