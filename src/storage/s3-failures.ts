import { PassThrough, type Readable } from "node:stream";
import { S3ServiceException } from "@aws-sdk/client-s3";
import { AppError } from "../domain/errors.ts";

export function isMissing(error: unknown): boolean {
  return isStatus(error, 404) && error instanceof Error && error.name !== "NoSuchBucket";
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}

/** What went wrong in words of ours; worth another try unless the service has refused. */
export function storeFailed(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  return new AppError("internal", "The object store does not answer as it should.", {
    cause,
    retryable: status === undefined || status >= 500 || status === 429,
    details: { ...(status !== undefined && { status }), ...(cause instanceof Error && { name: cause.name }) },
  });
}

/** A received body whose failure is said in our words.  Owns: the body, which ends with what is returned. */
export function sayWhenItFails(body: Readable): Readable {
  const passed = new PassThrough();
  body.once("error", (error) => passed.destroy(storeFailed(error)));
  passed.once("close", () => body.destroy());
  return body.pipe(passed);
}

/** Passes a body on and tells of its own failure, which the client that sends it would wrap; not of the consumer's. */
export async function* rememberFailure(
  body: AsyncGenerator<Uint8Array>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const next = await body.next().catch((error: unknown) => {
        onFailure(error);
        throw error;
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await body.return(undefined);
  }
}
