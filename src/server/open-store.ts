import { join } from "node:path";
import { createDiskStore } from "../storage/disk-store.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { createS3Store } from "../storage/s3-store.ts";

export type StorageConfig =
  | { readonly kind: "disk" }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      readonly endpoint: string | undefined;
      readonly region: string;
      readonly prefix: string;
      readonly accessKeyId: string | undefined;
      readonly secretAccessKey: { reveal(): string } | undefined;
    };

/** The store that the operator chose: a folder inside the data folder, or a bucket. */
export function openStore(config: StorageConfig, dataFolder: string): ObjectStore {
  if (config.kind === "disk") return createDiskStore({ folder: join(dataFolder, "store") });
  const { bucket, endpoint, region, prefix, accessKeyId, secretAccessKey } = config;
  return createS3Store({
    bucket,
    prefix,
    region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } }),
  });
}
