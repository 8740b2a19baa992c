import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeSmallClip } from "../../test/support/small-clip.ts";
import { describeMachine, machineFacts } from "../machine.ts";
import { formatTable } from "../table.ts";
import { startCommand } from "./command.ts";
import { createPostgresDatabase } from "./databases.ts";
import { measurePolling, type PollingOptions, type PollingResult } from "./polling.ts";
import { watchIdle } from "./process-usage.ts";
import { apis, submitRequest } from "./requests.ts";
import { measureSubmits } from "./submits.ts";

// What the service does under load and at rest; see ../README.md.

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "submits,polling,idle" },
    seconds: { type: "string", default: "30" },
    rate: { type: "string", default: "200" },
    clip: {
      type: "string",
      default: fileURLToPath(new URL("../../../shared/clips/4-anim_bbb_moviepy_intro_11-28s.webm", import.meta.url)),
    },
    frames: { type: "string", default: "400" },
    waiting: { type: "string", default: "1000" },
    every: { type: "string", default: "100" },
    runs: { type: "string", default: "2" },
    check: { type: "boolean", default: false },
  },
});
const serverUrl = process.env["UPRES_TEST_DATABASE_URL"];
type DatabaseName = "PGlite" | "Postgres";
const databaseNames: readonly DatabaseName[] = serverUrl === undefined ? ["PGlite"] : ["PGlite", "Postgres"];
const seconds = Number(values.seconds);
const bounds = { submitP99Ms: 250, slowdown: 1.1, idleCpuPercent: 3, residentMiB: 500 };
const missed: string[] = [];

if (process.platform !== "linux") {
  console.error("This bench reads /proc, which only Linux has.");
  process.exit(2);
}
console.log(describeMachine(machineFacts()));
const folder = await mkdtemp(join(tmpdir(), "upres-load-"));
try {
  const wanted = values.only.split(",");
  if (wanted.includes("submits")) await showSubmits();
  if (wanted.includes("polling")) await showPolling();
  if (wanted.includes("idle")) await showIdle();
} finally {
  await rm(folder, { recursive: true });
}
if (serverUrl === undefined) console.log("\nWithout Postgres: UPRES_TEST_DATABASE_URL names no server.");
console.log(missed.length === 0 ? "\nEvery bound is kept." : `\nNot kept:\n${missed.join("\n")}`);
if (values.check && missed.length > 0) process.exitCode = 1;

type Work = (name: string, url: string | undefined, dataFolder: string) => Promise<void>;

/** Gives `work` a fresh database and data folder. */
async function onFreshDatabase(name: DatabaseName, work: Work): Promise<void> {
  const dataFolder = await mkdtemp(join(folder, "data-"));
  if (name === "PGlite" || serverUrl === undefined) return await work(name, undefined, dataFolder);
  await using database = await createPostgresDatabase(serverUrl, folder);
  await work(name, database.url, dataFolder);
}

async function onEachDatabase(work: Work): Promise<void> {
  for (const name of databaseNames) await onFreshDatabase(name, work);
}

function verdict(what: string, value: number, bound: number): string {
  if (value <= bound) return "kept";
  missed.push(`${what}: ${value.toFixed(2)}, bound ${bound}`);
  return "MISSED";
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

async function showSubmits(): Promise<void> {
  const ratePerSecond = Number(values.rate);
  console.log(`\nsubmits: ${ratePerSecond} a second for ${seconds} s, at fixed moments; bound: p99 ${bounds.submitP99Ms} ms`);
  const rows = [["", "accepted", "p50 ms", "p99 ms", "max ms", "most open", "server CPU %", "load", "p99 bound"]];
  for (const api of apis) {
    await onEachDatabase(async (name, databaseUrl, dataFolder) => {
      await using server = await startCommand(["serve", "--role", "api"], { folder: dataFolder, databaseUrl });
      const submit = submitRequest(api, server.url);
      await measureSubmits(submit, { ratePerSecond: 20, seconds: 1 });
      const [result, usage] = await Promise.all([
        measureSubmits(submit, { ratePerSecond, seconds }),
        watchIdle(server.pid, seconds),
      ]);
      const { accepted, sent, latencies, mostOpen } = result;
      const what = `${api}, ${name}`;
      if (accepted < sent) missed.push(`${what}: ${sent - accepted} of ${sent} submits were not accepted`);
      const times = [latencies.p50, latencies.p99, latencies.max].map((time) => time.toFixed(1));
      const judged = verdict(`${what}, p99`, latencies.p99, bounds.submitP99Ms);
      rows.push([what, `${accepted}/${sent}`, ...times, `${mostOpen}`, usage.cpuPercent.toFixed(0), load(), judged]);
    });
  }
  console.log(formatTable(rows));
}

async function showPolling(): Promise<void> {
  if (!existsSync(values.clip)) throw new Error(`there is no ${values.clip}; name a clip with --clip`);
  const waiting = Number(values.waiting);
  const everyMs = Number(values.every);
  const clipPath = join(folder, "clip.mp4");
  await writeSmallClip(values.clip, clipPath, { frames: Number(values.frames) });
  const clip = new Uint8Array(await readFile(clipPath));
  console.log(
    `\npolling: ${waiting} waiting jobs, each asked about every ${everyMs} ms; bound: ${bounds.slowdown} of the time unasked`,
  );
  const rows = [
    ["", "unasked s", "asked s", "ratio", "polls/s", "wanted/s", "p50 ms", "p99 ms", "server CPU ms/poll", "load", "bound"],
  ];
  for (const name of databaseNames) {
    for (let run = 1; run <= Number(values.runs); run += 1) {
      const quiet = await measureJob(name, { clip, everyMs, isPolled: false });
      const busy = await measureJob(name, { clip, everyMs, isPolled: true });
      const { polls } = busy;
      if (polls === undefined) throw new Error("nothing was polled");
      const ratio = busy.jobSeconds / quiet.jobSeconds;
      const cpuPerPoll = (1000 * (busy.serverCpuSeconds - quiet.serverCpuSeconds)) / polls.answers;
      if (polls.failures > 0) missed.push(`${name}: ${polls.failures} polls got no state`);
      rows.push([
        `${name}, run ${run}`,
        quiet.jobSeconds.toFixed(1),
        busy.jobSeconds.toFixed(1),
        ratio.toFixed(2),
        (polls.answers / polls.seconds).toFixed(0),
        ((waiting * 1000) / everyMs).toFixed(0),
        polls.p50.toFixed(0),
        polls.p99.toFixed(0),
        cpuPerPoll.toFixed(2),
        load(),
        verdict(`${name}, run ${run}, slowdown`, ratio, bounds.slowdown),
      ]);
    }
  }
  console.log(formatTable(rows));
}

async function measureJob(
  name: DatabaseName,
  options: Pick<PollingOptions, "clip" | "everyMs" | "isPolled">,
): Promise<PollingResult> {
  const results: PollingResult[] = [];
  await onFreshDatabase(name, async (_, databaseUrl, dataFolder) => {
    results.push(await measurePolling({ ...options, folder: dataFolder, databaseUrl, waitingJobs: Number(values.waiting) }));
  });
  const [result] = results;
  if (result === undefined) throw new Error("nothing was measured");
  return result;
}

async function showIdle(): Promise<void> {
  console.log(`\nidle for ${seconds} s; bounds: CPU ${bounds.idleCpuPercent} %, ${bounds.residentMiB} MiB resident`);
  const rows = [["", "start s", "CPU %", "resident MiB", "peak MiB", "load", "CPU bound", "memory bound"]];
  const show = async (what: string, words: readonly string[], databaseUrl: string | undefined, dataFolder: string) => {
    await using command = await startCommand(words, { folder: dataFolder, databaseUrl });
    const { cpuPercent, residentMiB, peakMiB } = await watchIdle(command.pid, seconds);
    const figures = [command.startSeconds.toFixed(2), cpuPercent.toFixed(1), residentMiB.toFixed(0), peakMiB.toFixed(0), load()];
    const cpuVerdict = verdict(`${what}, idle CPU`, cpuPercent, bounds.idleCpuPercent);
    rows.push([what, ...figures, cpuVerdict, verdict(`${what}, resident`, residentMiB, bounds.residentMiB)]);
  };
  await onEachDatabase(async (name, databaseUrl, dataFolder) => {
    if (databaseUrl === undefined) {
      await show(`${name}, first start`, ["serve"], databaseUrl, dataFolder);
      await show(`${name}, restart`, ["serve"], databaseUrl, dataFolder);
      return;
    }
    await show(`${name}, api`, ["serve", "--role", "api"], databaseUrl, dataFolder);
    await show(`${name}, worker`, ["worker"], databaseUrl, dataFolder);
  });
  console.log(formatTable(rows));
}
