import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { mapConcurrent } from "../core/async.ts";
import { limitBytes } from "./limit-bytes.ts";
import { parseKey } from "./object-key.ts";
import { isMissing, isStatus, sayWhenItFails, rememberFailure, storeFailed } from "./s3-failures.ts";
import type { ByteRange, ObjectDescription, ObjectStore, StoredObject } from "./object-store.ts";
import { isRange, objectNotFound, outsideObject } from "./ranges.ts";

export type S3StoreOptions = {
  readonly bucket: string;
  /** Put before every key, e.g. "upres/". */
  readonly prefix: string;
  readonly region: string;
  /** For services other than Amazon's. */
  readonly endpoint?: string;
  /** Left out: looked for where the AWS tools look. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  readonly forcePathStyle?: boolean;
};

// 10,000 parts at most: objects up to 160 GB. One part at a time, since of several the rest would go on after one has failed.
const partBytes = 16 * 1024 ** 2;
const partsAtOnce = 1;
const headsAtOnce = 8;
const connectTimeoutMs = 10_000;
// Long, since a connection is silent too while whoever reads an object pauses.
const silenceTimeoutMs = 600_000;

export function createS3Store(options: S3StoreOptions): ObjectStore {
  const { bucket, prefix, region, endpoint, credentials, forcePathStyle } = options;
  const client = new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    ...(forcePathStyle !== undefined && { forcePathStyle }),
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: silenceTimeoutMs },
    // Services other than Amazon's often know no other checksums than those that S3 requires.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return new BucketStore(client, bucket, prefix);
}

class BucketStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    description: ObjectDescription,
    options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
  ): Promise<StoredObject> {
    const target = this.#target(key);
    let failure: unknown;
    const stream = Readable.from(
      rememberFailure(limitBytes(body, options), (error) => (failure = error)),
      { objectMode: false },
    );
    const upload = new Upload({
      client: this.#client,
      params: {
        ...target,
        Body: stream,
        ContentType: description.contentType,
        Metadata: { "file-name": encodeURIComponent(description.fileName.toWellFormed()) },
      },
      partSize: partBytes,
      queueSize: partsAtOnce,
    });
    try {
      await upload.done();
    } catch (error) {
      throw failure ?? storeFailed(error);
    } finally {
      stream.destroy();
    }
    const object = await this.head(key);
    if (object === undefined) throw objectNotFound(key);
    return object;
  }

  async putFile(
    key: string,
    path: string,
    description: ObjectDescription,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<StoredObject> {
    const object = await this.put(key, createReadStream(path), description, options);
    await rm(path);
    return object;
  }

  async head(key: string): Promise<StoredObject | undefined> {
    try {
      return toObject(key, await this.#client.send(new HeadObjectCommand(this.#target(key))));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeFailed(error);
    }
  }

  async read(key: string, range?: ByteRange): Promise<{ readonly object: StoredObject; readonly body: Readable }> {
    const target = this.#target(key);
    if (range !== undefined && !isRange(range)) throw outsideObject(range);
    try {
      const wanted = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` };
      const answer = await this.#client.send(new GetObjectCommand({ ...target, ...wanted }));
      // Of a part, the answer tells the whole's size after a slash.
      const sizeBytes = range === undefined ? answer.ContentLength : Number(answer.ContentRange?.split("/").at(-1));
      if (!(answer.Body instanceof Readable) || !Number.isSafeInteger(sizeBytes))
        throw new Error("the answer is not what was asked for");
      return { object: toObject(key, { ...answer, ContentLength: sizeBytes }), body: sayWhenItFails(answer.Body) };
    } catch (error) {
      if (isMissing(error)) throw objectNotFound(key);
      if (range !== undefined && isStatus(error, 416)) throw outsideObject(range);
      throw storeFailed(error);
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#target(key)));
    } catch (error) {
      if (!isMissing(error)) throw storeFailed(error);
    }
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    // A listing tells neither type nor name; an object deleted meanwhile is left out.
    for await (const object of mapConcurrent(this.#keys(prefix), headsAtOnce, (key) => this.head(key))) {
      if (object !== undefined) yield object;
    }
  }

  async sweep(before: Date): Promise<number> {
    let removed = 0;
    let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    try {
      while (marker !== undefined) {
        const page: ListMultipartUploadsCommandOutput = await this.#client.send(
          new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: this.#prefix, ...marker }),
        );
        const { Uploads = [], IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
        for (const { Key, UploadId } of Uploads.filter(({ Initiated = new Date() }) => Initiated < before)) {
          await this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }));
          removed += 1;
        }
        marker = IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined;
      }
      return removed;
    } catch (error) {
      throw storeFailed(error);
    }
  }

  async *#keys(prefix: string): AsyncGenerator<string> {
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: this.#prefix + prefix });
    try {
      for await (const { Contents = [] } of pages) {
        for (const { Key } of Contents) if (Key !== undefined) yield Key.slice(this.#prefix.length);
      }
    } catch (error) {
      throw storeFailed(error);
    }
  }

  #target(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + parseKey(key).join("/") };
  }
}

function toObject(key: string, head: Omit<HeadObjectCommandOutput, "Body">): StoredObject {
  return {
    key,
    sizeBytes: head.ContentLength ?? 0,
    contentType: head.ContentType ?? "application/octet-stream",
    fileName: decodeURIComponent(head.Metadata?.["file-name"] ?? key.split("/").at(-1) ?? key),
    modifiedAt: head.LastModified ?? new Date(0),
    etag: (head.ETag ?? "").replaceAll('"', ""),
  };
}
