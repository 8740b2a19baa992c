import { availableParallelism, cpus, loadavg, totalmem, type } from "node:os";
import { version } from "../src/engine/version.ts";
import { ffmpegFacts } from "../src/media/ffmpeg.ts";

export type MachineFacts = {
  readonly date: string;
  readonly upres: string;
  readonly node: string;
  readonly ffmpeg: string;
  readonly processor: string;
  readonly threads: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** What else ran while the bench began: 0 on an idle machine. */
  readonly loadAverage: number;
};

/** What a figure of a bench must be read with. */
export function machineFacts(): MachineFacts {
  return {
    date: new Date().toISOString(),
    upres: version,
    node: process.version,
    ffmpeg: ffmpegFacts().version,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${process.arch}`,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

export function describeMachine(facts: MachineFacts): string {
  return (
    `${facts.date}, Upres ${facts.upres}, Node ${facts.node}, FFmpeg ${facts.ffmpeg}\n` +
    `${facts.processor}, ${facts.threads} threads, ${facts.memoryGiB} GiB, ${facts.system}, load ${facts.loadAverage} at the start`
  );
}
