import type { SignedLinks } from "../../storage/signed-links.ts";
import type { Asset } from "./assets.ts";
import { thousandths } from "./encode-task.ts";
import { formatId } from "./ids.ts";
import { fileUrl } from "./links.ts";

export type AssetContext = { readonly userId: number; readonly publicBase: string; readonly links: SignedLinks };

/** An asset as it is read and listed. */
export function encodeAsset(asset: Asset, context: AssetContext): Readonly<Record<string, unknown>> {
  const { id, email, name, createdAt, sizeBytes, facts, taskId, parentGroupId } = asset;
  const { userId } = context;
  return {
    assetId: assetIdOf(asset, userId),
    id,
    createdAt: createdAt.toISOString(),
    updatedAt: createdAt.toISOString(),
    name,
    url: urlOf(asset, context),
    previewUrls: [],
    mediaType: facts.kind,
    mediaSubtype: null,
    fileCount: 1,
    fileSize: sizeBytes,
    fileExtStandardized: extensionOf(asset),
    isUserUpload: taskId === undefined,
    metadata: metadataOf(asset),
    username: userName(email),
    userPicture: null,
    userId,
    createdBy: userId,
    private: true,
    privateInTeam: true,
    parentAssetGroupId: parentGroupId ?? null,
    taskId: taskId === undefined ? null : formatId({ userId, email, kind: "task", uuid: taskId }),
    favorite: false,
  };
}

/** The answer to an upload. */
export function encodeUploaded(asset: Asset, context: AssetContext): Readonly<Record<string, unknown>> {
  const { id, email, name, createdAt, sizeBytes, facts } = asset;
  const { userId } = context;
  const username = userName(email);
  return {
    assetId: assetIdOf(asset, userId),
    id,
    user: { id: userId, username, firstName: "", lastName: "", picture: null, teamName: "", teamPicture: null },
    createdAt: createdAt.toISOString(),
    updatedAt: createdAt.toISOString(),
    name,
    description: "",
    type: { name: facts.kind, type: facts.kind, isDirectory: false },
    size: sizeBytes,
    url: urlOf(asset, context),
    previewUrls: [],
    fileCount: 1,
    private: true,
    permissions: { read: true, write: true, admin: true },
    annotated: false,
    isUserUpload: true,
    sourceApplication: "web",
    createdBy: { id: userId, username },
    favorite: false,
  };
}

function assetIdOf({ id, email }: Asset, userId: number): string {
  return formatId({ userId, email, kind: "asset", uuid: id });
}

function urlOf({ objectKey, name, expiresAt }: Asset, { publicBase, links }: AssetContext): string {
  return fileUrl({ publicBase, key: objectKey, name, expiresAt }, links);
}

function userName(email: string): string {
  return email.split("@")[0] ?? email;
}

/** Both generations of it that are documented; an image has none. */
function metadataOf({ facts }: Asset): Readonly<Record<string, unknown>> | null {
  const { kind, width, height, hasAudio } = facts;
  const duration = thousandths(facts.durationSeconds);
  if (kind === "image") return null;
  if (kind === "audio" || width === undefined || height === undefined) return { duration, hasAudio };
  const frameRate = thousandths(facts.frameRate);
  return {
    frameRate,
    duration,
    width,
    height,
    hasAlphaChannel: false,
    hasAudio,
    dimensions: [width, height],
    size: { width, height },
  };
}

const extensions: ReadonlyMap<string, string> = new Map([
  ["image/jpeg", "jpg"],
  ["video/quicktime", "mov"],
  ["video/3gpp", "3gp"],
  ["video/x-matroska", "mkv"],
  ["video/x-flv", "flv"],
  ["video/mpeg", "mpg"],
  ["video/mp2t", "ts"],
  ["video/x-msvideo", "avi"],
  ["video/ogg", "ogv"],
  ["audio/mpeg", "mp3"],
  ["audio/mp4", "m4a"],
]);

/** By what the file is, not by what it is called; what nobody knows keeps its own. */
function extensionOf({ contentType, name }: Asset): string {
  const known = extensions.get(contentType) ?? /^(?:video|audio|image)\/([a-z\d]{2,5})$/.exec(contentType)?.[1];
  return known ?? /\.([\da-z]{1,10})$/i.exec(name)?.[1]?.toLowerCase() ?? "bin";
}
