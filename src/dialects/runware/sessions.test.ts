import { expect, test } from "vitest";
import type { Clock } from "../../core/clock.ts";
import { type Channel, Sessions } from "./sessions.ts";

const replayMs = 120_000;

function start() {
  let nowMs = 0;
  const clock: Clock = { now: () => new Date(nowMs), sleep: () => Promise.resolve() };
  const advance = (byMs: number): void => void (nowMs += byMs);
  return { sessions: new Sessions(clock, replayMs), advance };
}

/** A connection, and what came through it. */
function connection(works = true): { readonly channel: Channel; readonly got: string[] } {
  const got: string[] = [];
  const channel: Channel = (text) => {
    if (works) got.push(text);
    return Promise.resolve(works);
  };
  return { channel, got };
}

test("what was missed is replayed in order, once", async () => {
  const { sessions } = start();
  const session = sessions.open("alice", undefined);
  const [broken, first, second] = [connection(false), connection(), connection()];
  session.attach(broken.channel);
  await session.send("a");
  session.detach(broken.channel);
  await session.send("b");
  session.attach(first.channel);
  await session.replay();
  await session.send("c");
  session.attach(second.channel);
  await session.replay();
  expect([broken.got, first.got, second.got]).toEqual([[], ["a", "b", "c"], []]);
});

test("what was missed too long ago is not", async () => {
  const { sessions, advance } = start();
  const session = sessions.open("alice", undefined);
  await session.send("old");
  advance(replayMs - 1);
  await session.send("new");
  advance(2);
  const { channel, got } = connection();
  session.attach(channel);
  await session.replay();
  expect(got).toEqual(["new"]);
});

test("a session is known for as long as it may be resumed, and while it is connected", () => {
  const { sessions, advance } = start();
  const session = sessions.open("alice", undefined);
  const { channel } = connection();
  session.attach(channel);
  advance(10 * replayMs);
  expect(sessions.open("alice", session.id)).toBe(session);
  session.detach(channel);
  advance(replayMs);
  expect(sessions.open("alice", session.id)).toBe(session);
  expect(sessions.open("bob", session.id)).not.toBe(session);
  advance(1);
  expect(sessions.open("alice", session.id)).not.toBe(session);
});

test("an old connection that ends late does not end the new one's session", async () => {
  const { sessions } = start();
  const session = sessions.open("alice", undefined);
  const [old, current] = [connection(), connection()];
  session.attach(old.channel);
  session.attach(current.channel);
  session.detach(old.channel);
  await session.send("a");
  expect(current.got).toEqual(["a"]);
});
