import { getAsset, recordArtifacts } from "./artifacts.ts";
import { type Asset, listAssets as listStored, markDeleted } from "./assets.ts";
import { type Call, type Handler, notFound, requireOwn, type UseapiParts } from "./context.ts";
import { decodeId, decodeMediaType, decodePage } from "./decode.ts";
import { encodeAsset } from "./encode-asset.ts";
import { getLocalAccount } from "./local-accounts.ts";
import { removeLeftovers } from "./media.ts";
import { noContent, ok } from "./reply.ts";

const mostAssets = 50;

/** `GET /assets/`: uploads and results, the newest first. */
export const listAssets: Handler = async (call, parts) => {
  const { accountId, userId } = call.caller;
  const { query, publicBase } = call;
  const page = decodePage(query, mostAssets);
  const mediaType = decodeMediaType(query);
  const given = query.get("email") ?? "";
  const email = given === "" ? undefined : (await getLocalAccount(parts.database, accountId, given)).email;
  await recordArtifacts(accountId, parts);
  const assets = await listStored(parts.database, { accountId, email, mediaType, ...page, now: parts.clock.now() });
  return ok(assets.map((asset) => encodeAsset(asset, { userId, publicBase, links: parts.links })));
};

/** `GET /assets/{assetId}`. */
export const readAsset: Handler = async (call, parts) => {
  const asset = await ownAsset(call, parts);
  return ok(encodeAsset(asset, { userId: call.caller.userId, publicBase: call.publicBase, links: parts.links }));
};

/** `DELETE /assets/{assetId}`: its file is gone at once, unless a task still has to read it. */
export const deleteAsset: Handler = async (call, parts) => {
  const { id, accountId } = await ownAsset(call, parts);
  await markDeleted(parts.database, accountId, id, parts.clock.now());
  await removeLeftovers(parts);
  return noContent;
};

/** Throws: AppError `bad_request` for what is no id of an asset, `unauthorized` for another user's, `job_not_found`. */
async function ownAsset({ item, caller }: Call, parts: UseapiParts): Promise<Asset> {
  const id = decodeId(item, "asset", "assetId");
  requireOwn(id, caller, "assetId");
  const asset = await getAsset(caller.accountId, id.uuid, parts);
  if (asset === undefined || asset.email !== id.email) throw notFound();
  return asset;
}
