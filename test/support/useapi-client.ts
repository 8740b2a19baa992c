import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { UseapiServer } from "./useapi-server.ts";

export const Task = z.looseObject({
  taskId: z.string(),
  id: z.string(),
  status: z.string(),
  progressRatio: z.string(),
  replyRef: z.string().optional(),
  artifacts: z.array(
    z.looseObject({
      id: z.string(),
      assetId: z.string(),
      url: z.string(),
      fileSize: z.string(),
      previewUrls: z.array(z.string()),
    }),
  ),
});
export type Task = z.infer<typeof Task>;

export type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers };

/** The calls of the documents, made as a caller's own code makes them. */
export class UseapiClient {
  readonly #api: string;
  readonly #token: string;

  constructor({ api }: Pick<UseapiServer, "api">, token = "user:1-anything") {
    this.#api = api;
    this.#token = token;
  }

  async call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const isRaw = typeof body === "string" || body instanceof Uint8Array || body instanceof FormData;
    const response = await fetch(`${this.#api}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(!isRaw && body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    } as RequestInit); // every kind of body here is one that fetch takes
    const answer = await response.text();
    return { status: response.status, body: answer === "" ? undefined : JSON.parse(answer), headers: response.headers };
  }

  async upload(file: Uint8Array, name = "clip.mp4", contentType = "video/mp4"): Promise<{ assetId: string; id: string }> {
    const path = `/assets/?name=${encodeURIComponent(name)}`;
    const { body } = await this.call("POST", path, file, { "content-type": contentType });
    return z.object({ assetId: z.string(), id: z.string() }).parse(body);
  }

  async upscale(body: Readonly<Record<string, unknown>>): Promise<Answer> {
    return await this.call("POST", "/videos/upscale", body);
  }

  /** Starts an upscale that has to be taken. */
  async start(body: Readonly<Record<string, unknown>>): Promise<Task> {
    const { status, body: task } = await this.upscale(body);
    if (status !== 200) throw new Error(`refused with ${status}: ${JSON.stringify(task)}`);
    return Task.parse(task);
  }

  async task(taskId: string): Promise<Task> {
    return Task.parse((await this.call("GET", `/tasks/${taskId}`)).body);
  }

  /** Credits used so far. */
  async usedCredits(): Promise<number> {
    const { body } = await this.call("GET", "/features/");
    return z.object({ used: z.object({ numPlanCredits: z.number() }) }).parse(body).used.numPlanCredits;
  }
}

/** A `replyUrl`: keeps what it was told, and answers as a test wants. */
export class ReplyReceiver implements AsyncDisposable {
  readonly tasks: Task[] = [];
  readonly headers: Readonly<Record<string, unknown>>[] = [];
  /** The statuses of its next answers; 200 after that. */
  answers: number[] = [];
  readonly #server: Server;
  #port = 0;
  #arrived = Promise.withResolvers<void>();
  #taken = 0;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      this.headers.push(request.headers);
      this.tasks.push(Task.parse(JSON.parse(await text(request))));
      this.#arrived.resolve();
      response.writeHead(this.answers.shift() ?? 200).end();
    });
  }

  static async start(): Promise<ReplyReceiver> {
    const receiver = new ReplyReceiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    receiver.#port = z.object({ port: z.int() }).parse(receiver.#server.address()).port;
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/reply`;
  }

  /** What it is told next, of all that it was told. */
  async next(): Promise<Task> {
    for (;;) {
      const task = this.tasks[this.#taken];
      if (task !== undefined) {
        this.#taken += 1;
        return task;
      }
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
  }

  /** What was told, in short. */
  get told(): readonly string[] {
    return this.tasks.map(({ status, progressRatio }) => `${status} ${progressRatio}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
