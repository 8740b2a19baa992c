import fc from "fast-check";
import { expect, test } from "vitest";
import { formatId, parseId, twinOf } from "./ids.ts";

const uuid = "17f20503-6c24-4c16-946b-35dbbce2af2f";

test.each(["me@example.com", "a-b+c.d@e-f.org", "x-task:y@example.com", "-runwayml:z@example.com"])(
  "an id of %s is read as it was written",
  (email) => {
    const id = { userId: 12, email, kind: "asset", uuid } as const;
    expect(formatId(id)).toBe(`user:12-runwayml:${email}-asset:${uuid}`);
    expect(parseId(formatId(id))).toEqual(id);
  },
);

test.each([
  uuid,
  "",
  "https://example.com/clip.mp4",
  `user:1-runwayml:me@example.com-asset:${uuid.slice(1)}`,
  `user:x-runwayml:me@example.com-asset:${uuid}`,
  `user:1-runwayml:-asset:${uuid}`,
  `user:1-runwayml:a b@example.com-asset:${uuid}`,
  `user:1-runwayml:a\u0000@example.com-asset:${uuid}`,
  `user:1-runwayml:me@example.com-file:${uuid}`,
  `user:1-runwayml:me@example.com-asset:${uuid}\n`,
])("%j is no id", (text) => {
  expect(parseId(text)).toBeUndefined();
});

test("a task's artifact leads back to the task and is not the task", () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      expect(twinOf(id)).not.toBe(id);
      expect(twinOf(id)).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
      expect(twinOf(twinOf(id))).toBe(id);
    }),
  );
});
