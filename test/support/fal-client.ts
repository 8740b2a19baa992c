import { createFalClient, type FalClient } from "@fal-ai/client";

export const endpoint = "fal-ai/bytedance-upscaler/upscale/video";
export const videoUrl = "https://example.com/clip.mp4";

/** The ways in which the published client is pointed at a server. */
export const clientWays = ["middleware", "proxy"] as const;
export type ClientWay = (typeof clientWays)[number];

export type ClientOptions = { readonly credentials?: string | undefined; readonly way?: ClientWay };

/** The published client, unmodified, set up as its users would. */
export function createClient(base: string, { credentials = "alice:secret", way = "middleware" }: ClientOptions = {}): FalClient {
  if (way === "proxy") return createFalClient({ credentials, proxyUrl: { url: `${base}/fal/proxy`, when: "always" } });
  return createFalClient({
    credentials,
    requestMiddleware: (request) =>
      Promise.resolve({
        ...request,
        url: request.url
          .replace("https://queue.fal.run", `${base}/fal/queue`)
          .replace("https://fal.run", `${base}/fal/run`)
          .replace("https://rest.fal.ai", `${base}/fal/rest`),
      }),
  });
}
