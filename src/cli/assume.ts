import type { z } from "zod";
import { Assumptions, cadences, fieldOrders, scans } from "../domain/assumptions.ts";

type Topic = keyof Assumptions;

const strength = { read: readNumber, takes: "none, or a number from 0 to 1" };
const deviation = { read: readNumber, takes: "none, or a number from 0 to 64" };
const oneOf = (words: readonly string[]) => ({ read: (text: string): unknown => text, takes: words.join(", ") });
const yesOrNo = { read: (text: string): unknown => ({ yes: true, no: false })[text], takes: "yes or no" };

/** How each finding is written, by the names under which `upres plan` prints them. */
const topics: Record<Topic, { readonly read: (text: string) => unknown; readonly takes: string }> = {
  scan: oneOf(scans),
  fields: oneOf(fieldOrders),
  cadence: oneOf(cadences),
  enlarged: { read: readSize, takes: "none, or the size from which it was, such as 640x360" },
  compression: strength,
  blockiness: strength,
  ringing: strength,
  halos: strength,
  shared: strength,
  noise: deviation,
  grain: deviation,
  banding: strength,
  flicker: deviation,
  letterbox: { read: readBorders, takes: "none, or the lines at top, bottom, left and right, such as 60,60,0,0" },
  monochrome: yesOrNo,
  faded: yesOrNo,
  cuts: { read: readNumber, takes: "a whole number, 0 for one shot" },
};

/** Reads every `--assume <finding>=<value>`; the last one of a name holds. Problems go to `refuse`, as phrases. */
export function readAssumptions(texts: readonly string[], refuse: (problem: string) => void): Assumptions {
  const entries = texts.flatMap((text): [string, unknown][] => {
    const [name = "", ...rest] = text.split("=");
    const value = rest.join("=").trim().toLowerCase();
    const topic = name.trim().toLowerCase().replaceAll("-", "_");
    if (!isTopic(topic)) {
      refuse(`--assume takes <finding>=<value> with one of ${Object.keys(topics).join(", ")}, not ${text}`);
      return [];
    }
    const known: z.ZodType = Assumptions.shape[topic];
    const read = topics[topic].read(value);
    if (read !== undefined && known.safeParse(read).success) return [[topic, read]];
    refuse(`--assume ${topic} takes ${topics[topic].takes}, not ${value === "" ? "nothing" : value}`);
    return [];
  });
  return Assumptions.parse(Object.fromEntries(entries));
}

function isTopic(name: string): name is Topic {
  return Object.hasOwn(topics, name);
}

function readNumber(text: string): unknown {
  if (text === "none") return 0;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function readSize(text: string): unknown {
  if (text === "none") return text;
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  return width === undefined ? undefined : { width: Number(width), height: Number(height) };
}

function readBorders(text: string): unknown {
  if (text === "none") return text;
  if (!/^\d{1,5}(,\d{1,5}){3}$/.test(text)) return undefined;
  const [top, bottom, left, right] = text.split(",").map(Number);
  return { top, bottom, left, right };
}
