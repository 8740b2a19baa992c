import { AppError } from "../../domain/errors.ts";

/** Throws: AppError `provider_unavailable` when the server takes nothing new any more. */
export function refuseWhileClosing({ closing }: { readonly closing: AbortSignal }): void {
  if (closing.aborted) throw new AppError("provider_unavailable", "The server is closing.", { retryable: true });
}
