import { ApiError, authorization, readFailure, request, unreachable } from "./http.ts";

/** The tus protocol, as far as one file needs it.  Source: https://tus.io/protocols/resumable-upload */
const path = "/api/uploads/tus";
const version = { "tus-resumable": "1.0.0" };
/** A piece: what is sent again at most after a broken connection. */
const pieceBytes = 8 * 1024 * 1024;

export type UploadProgress = { readonly sentBytes: number; readonly bytesPerSecond: number | undefined };

/** Sends a file from where an earlier try ended, also one of before the page was reloaded. Resolves with the upload's id.
 *  Throws: ApiError, `offline` where going on later makes sense; an AbortError when paused. */
export async function sendFile(file: File, signal: AbortSignal, tell: (progress: UploadProgress) => void): Promise<string> {
  let place = await findPlace(file, signal);
  place ??= { url: await createPlace(file, signal), offset: 0 };
  tell({ sentBytes: place.offset, bytesPerSecond: undefined });
  const speed = speedometer(place.offset);
  for (let offset = place.offset; ;) {
    const piece = file.slice(offset, offset + pieceBytes);
    const answer = await sendPiece(place.url, piece, offset, {
      signal,
      tell: (sent) => tell({ sentBytes: offset + sent, bytesPerSecond: speed(offset + sent) }),
    });
    offset = answer.offset;
    if (answer.uploadId !== undefined) {
      forgetPlace(file);
      return answer.uploadId;
    }
    if (offset >= file.size) throw new ApiError("internal", "The server did not say where it put the file. Try again.", 500);
  }
}

/** Gives up what was sent of a file. */
export async function discardUpload(file: File): Promise<void> {
  const url = rememberedPlace(file);
  forgetPlace(file);
  if (url === undefined) return;
  try {
    await request(url, { method: "DELETE", headers: version });
  } catch {
    // What is left of it is tidied up by the server.
  }
}

async function createPlace(file: File, signal: AbortSignal): Promise<string> {
  const response = await request(path, {
    method: "POST",
    signal,
    headers: { ...version, "upload-length": String(file.size), "upload-metadata": `filename ${base64(file.name)}` },
  });
  const url = response.headers.get("location");
  if (url === null) throw new ApiError("internal", "The server did not say where to send the file. Try again.", 500);
  rememberPlace(file, new URL(url, location.origin).pathname);
  return new URL(url, location.origin).pathname;
}

async function findPlace(file: File, signal: AbortSignal): Promise<{ url: string; offset: number } | undefined> {
  const url = rememberedPlace(file);
  if (url === undefined) return undefined;
  try {
    const response = await request(url, { method: "HEAD", signal, headers: version });
    const offset = Number(response.headers.get("upload-offset") ?? Number.NaN);
    if (Number.isInteger(offset) && offset < file.size) return { url, offset };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "offline" || error.status === 401) throw error;
  }
  forgetPlace(file); // finished, expired or somebody else's: from the start
  return undefined;
}

type PieceOptions = { readonly signal: AbortSignal; readonly tell: (sentBytes: number) => void };
type PieceAnswer = { readonly offset: number; readonly uploadId: string | undefined };

/** By XMLHttpRequest: fetch does not tell how much was sent. */
function sendPiece(url: string, piece: Blob, offset: number, { signal, tell }: PieceOptions): Promise<PieceAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PieceAnswer>();
  const sending = new XMLHttpRequest();
  const abort = (): void => sending.abort();
  sending.open("PATCH", url);
  const headers = { ...version, ...authorization(), "upload-offset": String(offset) };
  for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
  sending.setRequestHeader("content-type", "application/offset+octet-stream");
  sending.upload.addEventListener("progress", ({ loaded }) => tell(loaded));
  sending.addEventListener("abort", () => reject(new DOMException("Paused", "AbortError")));
  sending.addEventListener("error", () => reject(unreachable()));
  sending.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
  sending.addEventListener("load", () => {
    if (sending.status >= 300) {
      reject(readFailure(sending.responseText, sending.status));
      return;
    }
    const next = Number(sending.getResponseHeader("upload-offset") ?? offset + piece.size);
    resolve({ offset: next, uploadId: sending.getResponseHeader("upload-id") ?? undefined });
  });
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) reject(new DOMException("Paused", "AbortError"));
  else sending.send(piece);
  return promise;
}

/** Bytes a second over the last few seconds. */
function speedometer(start: number): (sentBytes: number) => number | undefined {
  const marks = [{ at: performance.now(), sent: start }];
  return (sent) => {
    const at = performance.now();
    marks.push({ at, sent });
    while (marks.length > 2 && at - (marks[0]?.at ?? at) > 4000) marks.shift();
    const [first] = marks;
    return first === undefined || at - first.at < 250 ? undefined : ((sent - first.sent) * 1000) / (at - first.at);
  };
}

function nameOf(file: File): string {
  return `upres.upload ${file.name} ${file.size} ${file.lastModified}`;
}

export function rememberedPlace(file: File): string | undefined {
  try {
    return localStorage.getItem(nameOf(file)) ?? undefined;
  } catch {
    return undefined;
  }
}

function rememberPlace(file: File, url: string): void {
  try {
    localStorage.setItem(nameOf(file), url);
  } catch {
    // It will not go on after a reload, which is what can be done here.
  }
}

function forgetPlace(file: File): void {
  try {
    localStorage.removeItem(nameOf(file));
  } catch {
    // Nothing was kept.
  }
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
