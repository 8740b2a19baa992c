import { useSyncExternalStore } from "react";
import { formatRoute, parseRoute, type Route } from "./route.ts";

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

export function navigate(route: Route): void {
  location.hash = formatRoute(route);
}

/** Changes the address without a step in the browser's history and without a new page. */
export function rewriteAddress(route: Route): void {
  history.replaceState(null, "", formatRoute(route));
}
