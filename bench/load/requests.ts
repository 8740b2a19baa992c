/** Bodies and addresses of the two APIs that the benches speak. */

const falEndpoint = "/fal/queue/fal-ai/bytedance-upscaler/upscale/video";
const videoUrl = "https://example.com/clip.mp4";
const headers = { "content-type": "application/json", authorization: "Key bench" };

export const apis = ["native", "fal"] as const;
export type Api = (typeof apis)[number];

export type Submit = { readonly url: string; readonly init: RequestInit; readonly acceptedStatus: number };

/** A job whose source is never fetched, since nothing works on it. */
export function submitRequest(api: Api, base: string): Submit {
  const path = api === "native" ? "/api/jobs" : falEndpoint;
  const init = { method: "POST", headers, body: JSON.stringify({ video_url: videoUrl }) };
  return { url: base + path, init, acceptedStatus: api === "native" ? 202 : 200 };
}

/** Where a job's state is asked for. */
export function statusPath(api: Api, id: string): string {
  return api === "native" ? `/api/jobs/${id}` : `/fal/queue/fal-ai/bytedance-upscaler/requests/${id}/status`;
}
