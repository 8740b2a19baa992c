/** One asset or task as ids name it: whose, in which local account, and which. */
export type ResourceId = {
  readonly userId: number;
  readonly email: string;
  readonly kind: "asset" | "task";
  readonly uuid: string;
};

/** Emails hold hyphens and may hold the very words between the parts: read from both ends. */
const shape = /^user:(\d{1,15})-runwayml:([^\s\p{C}/]{1,254})-(asset|task):([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu;

export function parseId(text: string): ResourceId | undefined {
  const [, userId, email, kind, uuid] = shape.exec(text) ?? [];
  if (userId === undefined || email === undefined || uuid === undefined) return undefined;
  if (kind !== "asset" && kind !== "task") return undefined;
  return { userId: Number(userId), email, kind, uuid: uuid.toLowerCase() };
}

export function formatId({ userId, email, kind, uuid }: ResourceId): string {
  return `user:${userId}-runwayml:${email}-${kind}:${uuid}`;
}

const artifactMask = 0xa5;

/** The id of a task's artifact, and of an artifact's task: each follows from the other. */
export function twinOf(uuid: string): string {
  const last = Number.parseInt(uuid.slice(-2), 16) ^ artifactMask;
  return uuid.slice(0, -2) + last.toString(16).padStart(2, "0");
}
