import { AppError } from "../../domain/errors.ts";
import type { RunwayContext } from "./context.ts";

const folder = "uploads/runway";

export function newUploadKey(accountId: string, id: string): string {
  return `${folder}/${accountId}/${id}`;
}

/** The key of an upload that this account may use; undefined where the token is another's, or has expired. */
export function uploadKeyOf(token: string, accountId: string, { links }: Pick<RunwayContext, "links">): string | undefined {
  return keyBelow(`${folder}/${accountId}/`, () => links.verify(token, "read").key);
}

/** The key that the slot with that id may be filled under; undefined where the token is not the slot's, or has expired. */
export function slotKeyOf(token: string, id: string, { links }: Pick<RunwayContext, "links">): string | undefined {
  const key = keyBelow(`${folder}/`, () => links.verify(token, "write").key);
  return key?.endsWith(`/${id}`) === true ? key : undefined;
}

function keyBelow(prefix: string, verify: () => string): string | undefined {
  try {
    const key = verify();
    return key.startsWith(prefix) ? key : undefined;
  } catch (error) {
    if (error instanceof AppError && (error.code === "unauthorized" || error.code === "object_not_found")) return undefined;
    throw error;
  }
}
