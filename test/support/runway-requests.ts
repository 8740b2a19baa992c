import { expect } from "vitest";

export const docUrl = "https://docs.dev.runwayml.com/api";
export const model = "upscale_v1";

export type RunwayRequestOptions = { readonly key?: string | undefined; readonly headers?: Record<string, string> };

/** A request as the published client sends it, with any body. */
export async function postTo(base: string, path: string, body: string, options: RunwayRequestOptions): Promise<Response> {
  const { key, headers = {} } = options;
  return await fetch(`${base}${path}`, {
    method: "POST",
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      "x-runway-version": "2024-11-06",
      "content-type": "application/json",
      ...headers,
    },
    body,
  });
}

/** Status and body of an answer, which is JSON whatever it says. */
export async function answerOf(response: Response): Promise<readonly [number, unknown]> {
  expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
  return [response.status, await response.json()];
}

export function videoIssue(message: string): { readonly code: string; readonly path: string[]; readonly message: string } {
  return { code: "custom", path: ["videoUri"], message };
}

/** The answer to a body that holds something wrong. */
export function refused(...issues: unknown[]): readonly [number, unknown] {
  return [400, { error: "Validation of body failed", issues, docUrl }];
}
