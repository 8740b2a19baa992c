import { isAbort, request } from "./http.ts";

export type StreamEvent = { readonly name: string; readonly id: string | undefined; readonly data: unknown };

const silenceMs = 45_000;

/** Server-sent events over fetch, which can carry a key. Ends when the server ends the stream.
 *  Throws: ApiError, also after too long a silence; an AbortError when `signal` is aborted. */
export async function* readEvents(path: string, signal: AbortSignal, lastId?: string): AsyncGenerator<StreamEvent> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  try {
    const response = await request(path, {
      signal: AbortSignal.any([signal, silent.signal]),
      headers: { accept: "text/event-stream", ...(lastId !== undefined && { "last-event-id": lastId }) },
    });
    if (response.body === null) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
      text += value;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const event = parseEvent(text.slice(0, end));
        text = text.slice(end + 2);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    if (isAbort(error) && !signal.aborted) return; // too long a silence: like the end
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** One event's lines; undefined for a comment. */
export function parseEvent(block: string): StreamEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const data = fields.get("data");
  if (data === undefined) return undefined;
  return { name: fields.get("event") ?? "message", id: fields.get("id"), data: JSON.parse(data) as unknown };
}
