const storageName = "upres.key";
let known: string | undefined;
let isRead = false;
const listeners = new Set<() => void>();

/** The key that requests carry; undefined on a server that asks for none. */
export function keyInUse(): string | undefined {
  if (!isRead) {
    isRead = true;
    known = read();
  }
  return known;
}

export function keepKey(key: string | undefined): void {
  isRead = true;
  known = key;
  try {
    if (key === undefined) localStorage.removeItem(storageName);
    else localStorage.setItem(storageName, key);
  } catch {
    // A browser that keeps nothing: the key lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export function onKeyChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Takes a key out of the address (`#key=…`, as `upres serve` prints it), so that it is not shared with a link. */
export function takeKeyFromAddress(): void {
  const match = /^#key=(.+)$/.exec(location.hash);
  if (match?.[1] === undefined) return;
  keepKey(decodeURIComponent(match[1]));
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
}

function read(): string | undefined {
  try {
    return localStorage.getItem(storageName) ?? undefined;
  } catch {
    return undefined;
  }
}
