import { AppError } from "../../domain/errors.ts";
import type { RunwayContext } from "./context.ts";

export type Upload = { readonly accountId: string; readonly id: string };

const files = "uploads/runway";
// Tokens name no file that there is: a URI does not download its upload as a link would, and a slot is filled here alone.
const uris = "uploads/runway-uris";
const slots = "uploads/runway-slots";

/** Where the file of an upload lies in the store. */
export function uploadKey(upload: Upload): string {
  return below(files, upload);
}

type Links = Pick<RunwayContext, "links">;

export function signUploadUri(upload: Upload, expiresAt: Date, { links }: Links): string {
  return links.sign({ key: below(uris, upload), purpose: "read", expiresAt });
}

export function signSlot(upload: Upload, expiresAt: Date, { links }: Links): string {
  return links.sign({ key: below(slots, upload), purpose: "write", expiresAt });
}

/** The key of an upload that this account may use; undefined where the token is another's, or has expired. */
export function uploadKeyOf(token: string, accountId: string, { links }: Links): string | undefined {
  const upload = uploadBelow(uris, () => links.verify(token, "read").key);
  return upload?.accountId === accountId ? uploadKey(upload) : undefined;
}

/** The key that the slot with that id may be filled under; undefined where the token is not the slot's, or has expired. */
export function slotKeyOf(token: string, id: string, { links }: Links): string | undefined {
  const upload = uploadBelow(slots, () => links.verify(token, "write").key);
  return upload?.id === id ? uploadKey(upload) : undefined;
}

function below(folder: string, { accountId, id }: Upload): string {
  return `${folder}/${accountId}/${id}`;
}

function uploadBelow(folder: string, verify: () => string): Upload | undefined {
  try {
    const key = verify();
    const [accountId, id, ...others] = key.startsWith(`${folder}/`) ? key.slice(folder.length + 1).split("/") : [];
    return accountId === undefined || id === undefined || others.length > 0 ? undefined : { accountId, id };
  } catch (error) {
    if (error instanceof AppError && (error.code === "unauthorized" || error.code === "object_not_found")) return undefined;
    throw error;
  }
}
