import { randomUUID } from "node:crypto";
import { Server } from "@tus/server";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { AppError } from "../../domain/errors.ts";
import { describeContent } from "../../ingest/sniff.ts";
import type { TusStore } from "../../storage/tus-store.ts";
import { accountOf } from "../auth.ts";
import { errorDocument, statusOf } from "../errors.ts";
import type { NativeParts } from "./parts.ts";
import { uploadKey } from "./uploads.ts";

export const resumablePath = "/api/uploads/tus";
/** The upload's id, as jobs take it, once all bytes are there. */
const uploadIdHeader = "Upload-Id";
const tidyEveryMs = 3_600_000;

/** /api/uploads/tus: uploads that go on after a broken connection, by the tus protocol.
 *  Source: https://tus.io/protocols/resumable-upload */
export function resumableUploadRoutes(parts: NativeParts, tus: TusStore): FastifyPluginAsync {
  const accountIds = new WeakMap<object, string>();
  const server = new Server({
    path: resumablePath,
    datastore: tus.dataStore,
    relativeLocation: true,
    maxSize: parts.limits.maxUploadBytes,
    exposedHeaders: [uploadIdHeader],
    // An upload's name begins with its account: nobody else's requests are heard on it.
    namingFunction: (request) => nameOf(accountIdOf(request.runtime?.node?.req), randomUUID()),
    onIncomingRequest: async (request, name) => {
      if (!name.startsWith(nameOf(accountIdOf(request.runtime?.node?.req), ""))) throw refusal(noSuchUpload());
    },
    onUploadFinish: async (request, { id: name }) => {
      const accountId = accountIdOf(request.runtime?.node?.req);
      const uploadId = name.slice(nameOf(accountId, "").length);
      try {
        await tus.finishUpload(name, { store: parts.store, key: uploadKey(accountId, uploadId), describe: describeContent });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.code === "input_unreadable") await tus.discardUpload(name);
        throw refusal(error);
      }
      return { headers: { [uploadIdHeader]: uploadId } };
    },
  });

  const accountIdOf = (raw: object | undefined): string => {
    const accountId = raw === undefined ? undefined : accountIds.get(raw);
    if (accountId === undefined) throw new AppError("internal", "An upload's request has no account.");
    return accountId;
  };

  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    const method = ["POST", "HEAD", "PATCH", "DELETE"];
    const url = [resumablePath, `${resumablePath}/:name`];
    for (const path of url) {
      app.route({
        method,
        url: path,
        exposeHeadRoute: false,
        handler: async (request: FastifyRequest, reply) => {
          const account = await accountOf(request, parts.accounts);
          accountIds.set(request.raw, account.id);
          reply.hijack();
          await server.handle(request.raw, reply.raw);
        },
      });
    }
    void tidy(parts, tus);
  };
}

function nameOf(accountId: string, uploadId: string): string {
  return `${accountId}_${uploadId}`;
}

function noSuchUpload(): AppError {
  return new AppError("upload_not_found", "There is no such upload, or it is no longer kept.");
}

/** An error as the tus server takes it. */
function refusal(error: AppError): Error {
  const body = JSON.stringify(errorDocument(error, ""));
  return Object.assign(new Error(error.message, { cause: error }), { status_code: statusOf[error.code], body });
}

/** Gives up uploads that nobody went on with. */
async function tidy({ clock, closing, logger }: NativeParts, tus: TusStore): Promise<void> {
  while (!closing.aborted) {
    try {
      await tus.dataStore.deleteExpired();
    } catch (error) {
      logger.warn("unfinished uploads were not tidied up", { error: error instanceof Error ? error.message : String(error) });
    }
    await clock.sleep(tidyEveryMs, closing);
  }
}
