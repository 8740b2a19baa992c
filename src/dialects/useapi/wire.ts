import { z } from "zod";
import { parseId, type ResourceId } from "./ids.ts";

const mostCharacters = 1024;
const wrongFormat = (name: string): string => `Parameter ${name} has incorrect format`;
/** The database's text knows no NUL characters, its JSON no halves of surrogate pairs. */
const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes("\u0000");

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && !/[\s\p{Cc}]/u.test(value);
}

function text(name: string) {
  return z.string(wrongFormat(name)).max(mostCharacters, `${name} is too long`).refine(isStorable, wrongFormat(name));
}

const replyUrl = text("replyUrl").refine(isHttpUrl, wrongFormat("replyUrl"));
const maxJobsRange = "Parameter maxJobs valid range 1...10";
const maxJobs = z.int(maxJobsRange).min(1, maxJobsRange).max(10, maxJobsRange);

/** What starts an upscale; `id` is whichever of the names for the source a route knows. Messages are what callers read. */
export function submitBody(name: string) {
  return z.object({
    id: z
      .string({ error: ({ input }) => (input === undefined ? `Parameter ${name} is required` : wrongFormat(name)) })
      .transform((value, context): ResourceId => {
        const id = parseId(value);
        if (id?.kind === "asset") return id;
        context.addIssue({ code: "custom", message: wrongFormat(name) });
        return z.NEVER;
      }),
    exploreMode: z.boolean("Parameter exploreMode must be boolean").default(false),
    replyUrl: replyUrl.optional(),
    replyRef: text("replyRef").optional(),
    maxJobs: maxJobs.optional(),
  });
}
export type SubmitBody = z.infer<ReturnType<typeof submitBody>>;

/** Letters, digits and what else is common in addresses: it becomes a part of ids. */
const emailShape = /^[\w.+'-]{1,64}@[\w.-]{1,180}$/;
export const Email = z.string().regex(emailShape);

/** A local account; its password is not looked at. */
export const AccountBody = z.object({
  email: z
    .string({ error: ({ input }) => (input === undefined ? "Parameter email is required" : wrongFormat("email")) })
    .regex(emailShape, wrongFormat("email")),
  password: text("password").optional(),
  maxJobs: z.int({ error: ({ input }) => (input === undefined ? "Parameter maxJobs is required" : maxJobsRange) }).pipe(maxJobs),
});
export type AccountBody = z.infer<typeof AccountBody>;

/** The account-wide callback; an empty one takes it away. */
export const ReplyUrlBody = z.object({
  replyUrl: z
    .string({ error: ({ input }) => (input === undefined ? "Parameter replyUrl is required" : wrongFormat("replyUrl")) })
    .max(mostCharacters, "replyUrl is too long")
    .refine((value) => value === "" || (isStorable(value) && isHttpUrl(value)), wrongFormat("replyUrl")),
});

export const taskStatuses = ["PENDING", "RUNNING", "THROTTLED", "SUCCEEDED", "FAILED", "CANCELLED"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export const mediaTypes = ["video", "image", "audio"] as const;
export type MediaType = (typeof mediaTypes)[number];

/** What an upload may call itself, in lower case. */
export const uploadTypes: readonly string[] = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "video/mp4",
  "video/quicktime",
  "video/3gpp",
  "video/x-matroska",
  "video/x-flv",
  "video/mpeg",
  "video/mp2t",
  "video/x-msvideo",
  "video/x-motion-jpeg",
  "video/webm",
  "video/ogg",
  "audio/wav",
  "audio/wave",
  "audio/mpeg",
  "audio/flac",
  "audio/ogg",
  "audio/webm",
];
