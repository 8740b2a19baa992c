import { isIP } from "node:net";
import { AppError } from "../../domain/errors.ts";
import { decodeDataUri } from "../../ingest/data-uri.ts";
import type { SourceLimits } from "./context.ts";
import type { Issue } from "./wire.ts";

/** Where a video is said to be. */
export type VideoUri =
  | { readonly kind: "url"; readonly url: URL }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "upload"; readonly token: string }
  /** A file of this server, by its signed link; undefined: the link has expired. */
  | { readonly kind: "own"; readonly key: string | undefined };

export type UriRules = {
  readonly limits: Pick<SourceLimits, "allowsHttp" | "maxDataUriCharacters" | "maxUploadBytes" | "checksTypes">;
  /** Throws: AppError `object_not_found` for a link that has expired. */
  readonly ownUrlToKey: (url: URL) => string | undefined;
};

const shortest = 13;
const longestUrl = 2048;
const longestUploadUri = 5000;

const mediaTypes: ReadonlySet<string> = new Set(
  ["mp4", "webm", "quicktime", "mov", "ogg", "h264"].map((subtype) => `video/${subtype}`),
);

/** Whether the hosted service takes files of that type; parameters after a semicolon are not asked. */
export function isTakenType(contentType: string): boolean {
  return mediaTypes.has((contentType.split(";")[0] ?? "").trim().toLowerCase());
}

/** What is wrong with the video, in the service's words. */
export function videoIssue(message: string): Issue {
  return { code: "custom", path: ["videoUri"], message };
}

/** Reads a `videoUri` without fetching anything: where the video is, or what is wrong with that. */
export function decodeVideoUri(text: string, rules: UriRules): VideoUri | Issue {
  if (/^data:/i.test(text)) return decodeData(text, rules);
  const upload = /^runway:\/\/(.*)$/is.exec(text);
  if (upload !== null) {
    return lengthIssue(text, longestUploadUri) ?? { kind: "upload", token: upload[1] ?? "" };
  }
  return decodeUrl(text, rules);
}

function decodeUrl(text: string, { limits, ownUrlToKey }: UriRules): VideoUri | Issue {
  const url = URL.parse(text);
  if (url === null) return videoIssue("Invalid URL");
  const own = ownLink(url, ownUrlToKey);
  if (own !== undefined) return lengthIssue(text, longestUrl) ?? own;
  if (url.protocol !== "https:" && !(limits.allowsHttp && url.protocol === "http:")) {
    return videoIssue("Only HTTPS URLs are allowed.");
  }
  if (!limits.allowsHttp && isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0) {
    return videoIssue("URLs must be hosted on a domain.");
  }
  return lengthIssue(text, longestUrl) ?? { kind: "url", url };
}

function ownLink(url: URL, ownUrlToKey: UriRules["ownUrlToKey"]): VideoUri | undefined {
  try {
    const key = ownUrlToKey(url);
    return key === undefined ? undefined : { kind: "own", key };
  } catch (error) {
    if (error instanceof AppError && error.code === "object_not_found") return { kind: "own", key: undefined };
    throw error;
  }
}

function decodeData(text: string, { limits }: UriRules): VideoUri | Issue {
  const { maxDataUriCharacters: maximum, maxUploadBytes, checksTypes } = limits;
  if (text.length > maximum) return lengthIssue(text, maximum) ?? videoIssue("Invalid data URI.");
  const [, type, parameters] = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(text.slice(0, longestUrl)) ?? [];
  if (type === undefined || parameters === undefined) return videoIssue("Invalid data URI.");
  if (checksTypes ? !isTakenType(type) : !/^\s*video\//i.test(type)) {
    return videoIssue("Unsupported asset type. Data URIs must include the content type of the value they encode.");
  }
  if (!/;\s*base64\s*$/i.test(parameters)) return videoIssue("Invalid data URI.");
  try {
    return { kind: "data", bytes: decodeDataUri(text, maxUploadBytes) };
  } catch (error) {
    if (error instanceof AppError && error.code === "download_failed") return videoIssue("Invalid data URI.");
    if (error instanceof AppError && error.code === "upload_too_large") return videoIssue(sizeMessage(maxUploadBytes));
    throw error;
  }
}

export function sizeMessage(maxBytes: number): string {
  return `Asset size exceeds ${(maxBytes / 1024 ** 2).toFixed(1)}MB.`;
}

function lengthIssue(text: string, maximum: number): Issue | undefined {
  const common = { origin: "string", inclusive: true, path: ["videoUri"] };
  if (text.length < shortest) {
    const message = `Too small: expected string to have >=${shortest} characters`;
    return { code: "too_small", minimum: shortest, ...common, message };
  }
  if (text.length <= maximum) return undefined;
  return { code: "too_big", maximum, ...common, message: `Too big: expected string to have <=${maximum} characters` };
}
