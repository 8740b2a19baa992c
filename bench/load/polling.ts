import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { NativeClient } from "../../test/support/native-client.ts";
import { startCommand } from "./command.ts";
import { type PollOrder, PollReport } from "./poller.ts";
import { usageOf } from "./process-usage.ts";
import { type Api, apis, statusPath, submitRequest } from "./requests.ts";

const script = fileURLToPath(new URL("./poller.ts", import.meta.url));

/** Of the process that polls; more than these wait for one another. */
const connections = 64;

export type PollingOptions = {
  readonly clip: Uint8Array<ArrayBuffer>;
  readonly folder: string;
  readonly databaseUrl: string | undefined;
  /** Half of them through each API. */
  readonly waitingJobs: number;
  readonly isPolled: boolean;
  readonly everyMs: number;
};

export type PollingResult = {
  /** From the job's start to its end, as the server says. */
  readonly jobSeconds: number;
  /** The server's own process, while the job ran. */
  readonly serverCpuSeconds: number;
  readonly polls: PollReport | undefined;
};

/** How long a real job takes while others wait, asked about or not. */
export async function measurePolling(options: PollingOptions): Promise<PollingResult> {
  const { folder, databaseUrl, isPolled, everyMs } = options;
  const { id, paths } = await fillQueue(options);
  // One job at a time, so that the others keep waiting.
  await using server = await startCommand(["serve"], { folder, databaseUrl }, { UPRES_JOBS_PER_ACCOUNT: "1" });
  const client = new NativeClient(server.url);
  for await (const { name } of client.events(id)) if (name === "progress") break;
  const before = await usageOf(server.pid);
  const urls = paths.map((path) => server.url + path);
  const poller = isPolled ? startPoller({ urls, everyMs, connections }) : undefined;
  const job = await client.finished(id);
  const polls = await poller?.stop();
  const after = await usageOf(server.pid);
  if (job.state !== "succeeded" || job.started_at === null || job.finished_at === null) {
    throw new Error(`the measured job ended as ${job.state}: ${job.error?.message ?? "no reason"}`);
  }
  const jobSeconds = (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000;
  return { jobSeconds, serverCpuSeconds: after.cpuSeconds - before.cpuSeconds, polls };
}

type Queued = { readonly id: string; readonly paths: readonly string[] };

/** Submits the real job and behind it the others, while nothing works on them; its id, and where theirs are asked for. */
async function fillQueue({ clip, folder, databaseUrl, waitingJobs }: PollingOptions): Promise<Queued> {
  await using server = await startCommand(["serve", "--role", "api"], { folder, databaseUrl });
  const client = new NativeClient(server.url);
  const upload = await client.upload(clip, "clip.mp4");
  const { id } = await client.submit({ upload_id: upload.id, tier: "standard", scale: 4 });
  const paths: string[] = [];
  for (let index = 0; index < waitingJobs; index += 1) {
    const api: Api = apis[index % apis.length] ?? "native";
    const { url, init } = submitRequest(api, server.url);
    const body = WithId.parse(await (await fetch(url, init)).json());
    paths.push(statusPath(api, "id" in body ? body.id : body.request_id));
  }
  return { id, paths };
}

const WithId = z.union([z.object({ id: z.string() }), z.object({ request_id: z.string() })]);

function startPoller(order: PollOrder): { stop(): Promise<PollReport> } {
  const child = fork(script, [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.send(order);
  return {
    stop: async () => {
      const said = once(child, "message");
      child.send("stop");
      const [report] = await said;
      return PollReport.parse(report);
    },
  };
}
