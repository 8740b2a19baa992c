import type { SignedLinks } from "../../storage/signed-links.ts";

export type FileLink = {
  readonly publicBase: string;
  readonly key: string;
  readonly name: string;
  readonly expiresAt: Date;
};

/** Where a stored file is found by whoever has the link, until it expires. */
export function fileUrl({ publicBase, key, name, expiresAt }: FileLink, links: SignedLinks): string {
  const token = links.sign({ key, purpose: "read", expiresAt });
  return `${publicBase}/files/${token}/${encodeURIComponent(name.replaceAll(/[/\\]/g, "_"))}`;
}
