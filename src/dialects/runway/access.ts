import { AppError } from "../../domain/errors.ts";
import { header, type Mount, type RunwayContext, type RunwayRequest } from "./context.ts";
import { documentedError } from "./errors.ts";
import type { RunwayReply } from "./reply.ts";

const version = "2024-11-06";

/** Whose request it is; undefined where it is nobody's.
 *  Throws: AppError `rate_limited`. */
export async function accountOf(
  request: RunwayRequest,
  options: { readonly counts: boolean },
  { authenticate }: Pick<RunwayContext, "authenticate">,
): Promise<string | undefined> {
  const credential = /^bearer\s+(\S+)$/i.exec(header(request, "authorization")?.trim() ?? "")?.[1];
  try {
    return (await authenticate(credential, options))?.accountId;
  } catch (error) {
    if (error instanceof AppError && error.code === "unauthorized") return undefined;
    throw error;
  }
}

/** What is wrong with the version that a request names, or that it names none. */
export function versionProblem(
  request: RunwayRequest,
  { versionHeader }: Pick<RunwayContext, "versionHeader">,
  isTaskRead: boolean,
): RunwayReply | undefined {
  const given = header(request, "x-runway-version")?.trim();
  if (given === version) return undefined;
  if (given !== undefined) {
    return documentedError(400, "The API version that was provided in the X-Runway-Version header is not valid.");
  }
  return isVersionNeeded(versionHeader, request.mount, isTaskRead)
    ? documentedError(400, "The X-Runway-Version header is required.")
    : undefined;
}

/** The gateway documents the header as optional where a task is read. */
function isVersionNeeded(setting: RunwayContext["versionHeader"], mount: Mount, isTaskRead: boolean): boolean {
  if (mount === "native") return setting !== "optional";
  return setting === "required" && !isTaskRead;
}
