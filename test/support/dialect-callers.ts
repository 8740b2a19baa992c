import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { DialectName } from "../../src/domain/job.ts";

export type Answer = { readonly status: number; readonly body: unknown };

/** A video that lies on a web server; `bytes` for a dialect whose callers bring it themselves. */
export type Video = { readonly url: string; readonly bytes: Uint8Array };

export type SubmitOptions = {
  readonly callbackUrl?: string;
  /** Put into the request's body, in place of what is right there. */
  readonly changes?: Readonly<Record<string, unknown>>;
};

/** A caller of one dialect: the same things said in its words, over HTTP. */
export interface DialectCaller {
  readonly dialect: DialectName;
  submit(video: Video, options?: SubmitOptions): Promise<Answer>;
  /** How the dialect calls what a submit has made. */
  idOf(submitted: Answer): string;
  /** Asks for the result, or for the state where that says it all. */
  read(id: string): Promise<Answer>;
  /** Cancels or deletes; undefined where the dialect has no word for it. */
  readonly stop?: (id: string) => Promise<Answer>;
  readonly balance?: () => Promise<Answer>;
}

type Sent = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

/** Sends one request; a body that is not bytes goes as JSON. */
function createSend(base: string, headers: Readonly<Record<string, string>>) {
  return async (method: string, path: string, { body, headers: more }: Sent = {}): Promise<Answer> => {
    const isBytes = body instanceof Uint8Array;
    const reply = await fetch(`${base}${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && !isBytes && { "content-type": "application/json" }), ...more },
      ...(body !== undefined && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await reply.text();
    return { status: reply.status, body: text === "" ? undefined : JSON.parse(text) };
  };
}

export function falCaller(base: string, key: string): DialectCaller {
  const send = createSend(`${base}/fal/queue/fal-ai/bytedance-upscaler`, { authorization: `Key ${key}` });
  return {
    dialect: "fal",
    submit: ({ url }, { callbackUrl, changes } = {}) => {
      const query = callbackUrl === undefined ? "" : `?${new URLSearchParams({ fal_webhook: callbackUrl })}`;
      return send("POST", `/upscale/video${query}`, { body: { video_url: url, ...changes } });
    },
    idOf: ({ body }) => z.object({ request_id: z.string() }).parse(body).request_id,
    read: (id) => send("GET", `/requests/${id}`),
    stop: (id) => send("PUT", `/requests/${id}/cancel`),
  };
}

export function runwareCaller(base: string, key: string): DialectCaller {
  const send = createSend(base, { authorization: `Bearer ${key}` });
  const ask = (task: Readonly<Record<string, unknown>>): Promise<Answer> => send("POST", "/v1", { body: [task] });
  return {
    dialect: "runware",
    submit: ({ url }, { callbackUrl, changes } = {}) =>
      ask({
        taskType: "upscale",
        taskUUID: randomUUID(),
        model: "bytedance:50@1",
        inputs: { video: url },
        deliveryMethod: "async",
        includeCost: true,
        ...(callbackUrl !== undefined && { webhookURL: callbackUrl }),
        ...changes,
      }),
    idOf: ({ body }) => z.object({ data: z.tuple([z.object({ taskUUID: z.string() })]) }).parse(body).data[0].taskUUID,
    read: (taskUUID) => ask({ taskType: "getResponse", taskUUID }),
  };
}

export function runwayCaller(base: string, key: string): DialectCaller {
  const send = createSend(`${base}/v1`, { authorization: `Bearer ${key}`, "x-runway-version": "2024-11-06" });
  return {
    dialect: "runway",
    submit: ({ url }, { changes } = {}) =>
      send("POST", "/video_upscale", { body: { model: "upscale_v1", videoUri: url, ...changes } }),
    idOf: ({ body }) => z.object({ id: z.string() }).parse(body).id,
    read: (id) => send("GET", `/tasks/${id}`),
    stop: (id) => send("DELETE", `/tasks/${id}`),
    balance: () => send("GET", "/organization"),
  };
}

/** Its videos are uploaded first, and named by their ids. */
export function useapiCaller(base: string, key: string): DialectCaller {
  const send = createSend(`${base}/v1/runwayml`, { authorization: `Bearer ${key}` });
  const upload = async (body: Uint8Array): Promise<string> => {
    const headers = { "content-type": "video/mp4" };
    const { body: asset } = await send("POST", "/assets/?name=clip.mp4", { body, headers });
    return z.object({ assetId: z.string() }).parse(asset).assetId;
  };
  return {
    dialect: "useapi",
    submit: async ({ bytes }, { callbackUrl, changes } = {}) =>
      send("POST", "/videos/upscale", {
        body: { videoAssetId: await upload(bytes), ...(callbackUrl !== undefined && { replyUrl: callbackUrl }), ...changes },
      }),
    idOf: ({ body }) => z.object({ taskId: z.string() }).parse(body).taskId,
    read: (id) => send("GET", `/tasks/${id}`),
    stop: (id) => send("DELETE", `/scheduler/${id}`),
    balance: () => send("GET", "/features/"),
  };
}

export function wavespeedCaller(base: string, key: string): DialectCaller {
  const send = createSend(`${base}/api/v3`, { authorization: `Bearer ${key}` });
  return {
    dialect: "wavespeed",
    submit: ({ url }, { callbackUrl, changes } = {}) => {
      const query = callbackUrl === undefined ? "" : `?${new URLSearchParams({ webhook: callbackUrl })}`;
      return send("POST", `/runwayml/upscale-v1${query}`, { body: { video: url, ...changes } });
    },
    idOf: ({ body }) => z.object({ data: z.object({ id: z.string() }) }).parse(body).data.id,
    read: (id) => send("GET", `/predictions/${id}/result`),
    stop: (id) => send("POST", "/predictions/delete", { body: { ids: [id] } }),
    balance: () => send("GET", "/balance"),
  };
}
