import type { z } from "zod";
import { JobDocument, UploadDocument } from "../../src/server/native/wire.ts";

export type ServerEvent = { readonly name: string; readonly data: unknown };

/** The native API as a program would call it, with nothing but fetch. */
export class NativeClient {
  readonly #base: string;
  readonly #key: string | undefined;

  constructor(base: string, key?: string) {
    this.#base = base;
    this.#key = key;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#key !== undefined) headers.set("authorization", `Bearer ${this.#key}`);
    return await fetch(new URL(path, this.#base), { ...init, headers });
  }

  async post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return await this.fetch(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  }

  async upload(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<z.infer<typeof UploadDocument>> {
    const response = await this.fetch(`/api/uploads?name=${encodeURIComponent(name)}`, { method: "POST", body: bytes });
    return UploadDocument.parse(await expectStatus(response, 201));
  }

  async submit(body: object, headers: Record<string, string> = {}): Promise<JobDocument> {
    return JobDocument.parse(await expectStatus(await this.post("/api/jobs", body, headers), 202));
  }

  async job(id: string): Promise<JobDocument> {
    return JobDocument.parse(await expectStatus(await this.fetch(`/api/jobs/${id}`), 200));
  }

  /** A job's events until the server ends them. */
  async *events(id: string, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    const response = await this.fetch(`/api/jobs/${id}/events`, { ...(signal !== undefined && { signal }) });
    if (response.status !== 200 || response.body === null) throw new Error(`events answered ${response.status}`);
    let text = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (name !== undefined && data !== undefined) yield { name, data: JSON.parse(data) as unknown };
      }
    }
  }

  /** Follows a job to its end. */
  async finished(id: string): Promise<JobDocument> {
    for await (const { name, data } of this.events(id)) {
      const job = name === "state" ? JobDocument.parse(data) : undefined;
      if (job?.finished_at !== null && job !== undefined) return job;
    }
    throw new Error(`the events of ${id} ended before the job did`);
  }
}

async function expectStatus(response: Response, status: number): Promise<unknown> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as unknown;
}
