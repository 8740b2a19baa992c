import { AppError } from "../domain/errors.ts";
import type { SignedLinks } from "../storage/signed-links.ts";

/** The store's key behind a link that this installation has signed, under whatever name it was handed out; undefined for
 *  any other address.  Throws: AppError `object_not_found` when the link has expired. */
export function createOwnUrlToKey(links: SignedLinks): (url: URL) => string | undefined {
  return (url) => {
    const [, token] = /\/files\/([^/]+)\/[^/]*$/.exec(url.pathname) ?? [];
    if (token === undefined) return undefined;
    try {
      return links.verify(token, "read").key;
    } catch (error) {
      if (error instanceof AppError && error.code === "unauthorized") return undefined;
      throw error;
    }
  };
}
