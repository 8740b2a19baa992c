import { api } from "../api/endpoints.ts";
import { ApiError, isAbort } from "../api/http.ts";
import { discardUpload, sendFile } from "../api/resumable-upload.ts";

export type UploadState =
  | { readonly kind: "none" }
  | {
      readonly kind: "sending" | "paused" | "broken";
      readonly file: File;
      readonly sentBytes: number;
      readonly bytesPerSecond: number | undefined;
      /** Why it broke off. */
      readonly error: Error | undefined;
    }
  | { readonly kind: "fetching"; readonly url: string; readonly startedAt: number }
  | { readonly kind: "refused"; readonly what: string; readonly error: Error }
  | { readonly kind: "there"; readonly uploadId: string };

/** The one video on its way to the server; it goes on while other pages are looked at. */
export class UploadStore {
  #state: UploadState = { kind: "none" };
  #stopping = new AbortController();
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly state = (): UploadState => this.#state;

  readonly pause = (): void => {
    if (this.#state.kind === "sending") this.#stopping.abort();
  };

  /** Starts sending, or goes on with what was paused or broken off. */
  readonly send = async (file: File): Promise<void> => {
    this.#stopping.abort();
    const stopping = new AbortController();
    this.#stopping = stopping;
    if (file.size === 0) {
      this.#change({
        kind: "refused",
        what: file.name,
        error: new ApiError("no_video", "The file is empty. Choose another one.", 422),
      });
      return;
    }
    const sentBefore = "sentBytes" in this.#state && this.#state.file === file ? this.#state.sentBytes : 0;
    this.#change({ kind: "sending", file, sentBytes: sentBefore, bytesPerSecond: undefined, error: undefined });
    const sent = (): number => ("sentBytes" in this.#state ? this.#state.sentBytes : 0);
    try {
      const uploadId = await sendFile(file, stopping.signal, ({ sentBytes, bytesPerSecond }) => {
        if (!stopping.signal.aborted) this.#change({ kind: "sending", file, sentBytes, bytesPerSecond, error: undefined });
      });
      if (this.#stopping === stopping) this.#change({ kind: "there", uploadId });
    } catch (error) {
      if (this.#stopping !== stopping || this.#state.kind === "none") return;
      if (isAbort(error)) this.#change({ kind: "paused", file, sentBytes: sent(), bytesPerSecond: undefined, error: undefined });
      else if (error instanceof ApiError && error.status > 0 && error.status < 500 && error.status !== 401) {
        this.#change({ kind: "refused", what: file.name, error });
      } else {
        const reason = error instanceof Error ? error : new Error(String(error));
        this.#change({ kind: "broken", file, sentBytes: sent(), bytesPerSecond: undefined, error: reason });
      }
    }
  };

  readonly fetchUrl = async (url: string): Promise<void> => {
    this.#stopping.abort();
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#change({ kind: "fetching", url, startedAt: Date.now() });
    try {
      const { id } = await api.fetchUpload(url, stopping.signal);
      if (this.#stopping === stopping) this.#change({ kind: "there", uploadId: id });
    } catch (error) {
      if (this.#stopping !== stopping || isAbort(error)) return;
      this.#change({ kind: "refused", what: url, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };

  /** Gives up and forgets what is on its way. */
  readonly discard = (): void => {
    const state = this.#state;
    this.#change({ kind: "none" });
    this.#stopping.abort();
    if ("file" in state) void discardUpload(state.file);
  };

  /** The page has taken the upload over. */
  readonly taken = (): void => this.#change({ kind: "none" });

  #change(state: UploadState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
