import { isIP } from "node:net";
import { isPublicAddress } from "../../core/address.ts";
import { AppError } from "../../domain/errors.ts";
import { defaultRequest, type UpscaleRequest } from "../../domain/upscale-request.ts";
import { parseJson } from "./body.ts";
import { type SubmittedInput, storable } from "./dialect-data.ts";
import { maxWebhookLength, Submit } from "./wire.ts";

/** What every submit asks for: four times the size, the long side at most 4096. */
export const upscaleRequest: UpscaleRequest = {
  ...defaultRequest,
  target: { kind: "scale_within", factor: 4, maxSide: 4096 },
};

export type DecodedSubmit = {
  readonly video: URL;
  readonly isSync: boolean;
  readonly webhookUrl: string | undefined;
  readonly input: SubmittedInput;
};

/** Reads a submit; the callback in the query wins over the one in the body.
 *  Throws: AppError `bad_request` in the dialect's words. */
export function decodeSubmit(text: string, query: URLSearchParams, rules: { readonly takesHttp: boolean }): DecodedSubmit {
  const { video, enable_sync_mode: syncMode, webhook_url: fromBody } = parseJson(text, Submit);
  const webhookUrl = nonEmpty(query.get("webhook")) ?? nonEmpty(fromBody);
  return {
    video: new URL(video),
    isSync: syncMode === true,
    webhookUrl: webhookUrl === undefined ? undefined : webhookTarget(webhookUrl, rules),
    input: {
      video: storable(video),
      ...(typeof syncMode === "boolean" && { enable_sync_mode: syncMode }),
      ...(typeof fromBody === "string" && { webhook_url: storable(fromBody) }),
    },
  };
}

function nonEmpty(value: string | null | undefined): string | undefined {
  return value === null || value === "" ? undefined : value;
}

function webhookTarget(value: string, { takesHttp }: { readonly takesHttp: boolean }): string {
  const url = value.length > maxWebhookLength ? null : URL.parse(value);
  const isAllowed = url !== null && (takesHttp ? isWeb(url) : isPublicHttps(url));
  if (!isAllowed) throw new AppError("bad_request", "invalid webhook url");
  return url.href;
}

function isWeb({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "http:";
}

/** As far as the address itself tells; what a name leads to is found when it is called. */
function isPublicHttps({ protocol, hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (protocol !== "https:" || host === "localhost" || host.endsWith(".localhost")) return false;
  return isIP(host) === 0 || isPublicAddress(host);
}

const idShape = /^[0-9a-f]{32}$/;

/** A job's id as the wire writes it: 32 hexadecimal digits. */
export function predictionIdOf(jobId: string): string {
  return jobId.replaceAll("-", "").toLowerCase();
}

/** The job's id behind a prediction's; undefined where it cannot be one. */
export function jobIdOf(predictionId: string): string | undefined {
  if (!idShape.test(predictionId)) return undefined;
  return predictionId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
