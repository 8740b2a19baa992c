import { AV_LOG_INFO, AV_LOG_QUIET, Log, type FormatContext } from "node-av";
import { randomUUID } from "node:crypto";
import { AppError } from "../domain/errors.ts";
import type { Chapter } from "../domain/media-info.ts";

const chapterLine = /^\s*Chapter #\d+:\d+: start (-?[\d.]+), end (-?[\d.]+)/;
const descriptionTimeoutMs = 10_000;
let queue: Promise<unknown> = Promise.resolve();

/** Reads the chapters of an opened input from FFmpeg's own description of it, the only place where the binding shows them.
 *  Calls wait for one another, since that description goes through the process-wide log. */
export function readChapters(context: FormatContext): Promise<readonly Chapter[]> {
  const result = queue.then(async () => parseDescription(await describe(context)));
  queue = result.catch(() => undefined);
  return result;
}

async function describe(context: FormatContext): Promise<string> {
  const marker = `end of description ${randomUUID()}`;
  const pieces: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      // The log does not keep the event loop alive; this does, and ends the wait should the log stay silent.
      timer = setTimeout(
        () => reject(new AppError("internal", "FFmpeg did not describe the input in time.")),
        descriptionTimeoutMs,
      );
      Log.setCallback((_level, message) => {
        pieces.push(message);
        if (message.includes(marker)) resolve();
      });
      Log.setLevel(AV_LOG_INFO);
      context.dumpFormat(0, "", false);
      Log.log(AV_LOG_INFO, marker);
    });
  } finally {
    clearTimeout(timer);
    Log.resetCallback();
    Log.setLevel(AV_LOG_QUIET);
  }
  return joinPieces(pieces);
}

/** Joins what the log was given piece by piece. Each piece comes without its line break; one that ends in a colon or a
 *  comma is followed by its value on the same line. */
export function joinPieces(pieces: readonly string[]): string {
  return pieces.map((piece) => (/[:,] $/.test(piece) ? piece : `${piece}\n`)).join("");
}

/** Parses the text of av_dump_format. */
export function parseDescription(text: string): readonly Chapter[] {
  const chapters: Chapter[] = [];
  let inChapters = false;
  for (const line of text.split("\n")) {
    if (/^\s*Chapters:/.test(line)) inChapters = true;
    else if (/^\s*(Stream #|Program )/.test(line)) inChapters = false;
    if (!inChapters) continue;
    const start = chapterLine.exec(line);
    if (start !== null) {
      chapters.push({ startSeconds: Number(start[1]), endSeconds: Number(start[2]), title: "" });
      continue;
    }
    const title = /^\s*title\s*: ?(.*)$/.exec(line);
    const last = chapters.at(-1);
    if (title !== null && last !== undefined) chapters[chapters.length - 1] = { ...last, title: (title[1] ?? "").trim() };
  }
  return chapters;
}
