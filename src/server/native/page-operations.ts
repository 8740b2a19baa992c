import { z } from "zod";
import {
  AccountDocument,
  AccountList,
  DeliveryLineList,
  JobLineList,
  KeyList,
  NewLimits,
  QueueDocument,
  WorkerList,
} from "../admin/wire.ts";
import { CreatedKeyDocument, GrantDocument, NewGrantDocument, NewKeyDocument } from "../control-wire.ts";
import type { Operation } from "./operation.ts";
import {
  EstimateDocument,
  EstimateQuestion,
  JobCountsDocument,
  RemovedDocument,
  SessionDocument,
  TasteDocument,
  TimesDocument,
  ViewDocument,
} from "./page-wire.ts";
import { FetchUpload } from "./sources.ts";
import { JobDocument, UploadDocument } from "./wire.ts";

const frameQuery = [
  { name: "index", about: "Which frame, from 0 on; of the result also where the source is asked for." },
  { name: "seconds", about: "Or the frame that is shown so long after the first." },
  { name: "x", about: "With `y`, `width` and `height`: a region, in pixels of the picture as shown." },
  { name: "max_width", about: "Scaled down to it where it is wider." },
  { name: "format", about: "`png` (exact, by default) or `jpeg`." },
] as const;

/** What the page uses beside jobs. */
export const pageOperations: readonly Operation[] = [
  { method: "get", path: "/api/session", summary: "Ask who you are and what there is", status: 200, answers: SessionDocument },
  {
    method: "post",
    path: "/api/uploads/fetch",
    summary: "Have a video fetched and kept like an upload",
    about: "Answers when all of it is there.",
    body: FetchUpload,
    status: 201,
    answers: UploadDocument,
  },
  { method: "get", path: "/api/uploads/{id}", summary: "Look at an upload", status: 200, answers: UploadDocument },
  {
    method: "get",
    path: "/api/uploads/{id}/frame",
    summary: "Get one frame of an upload",
    query: frameQuery,
    status: 200,
    answers: "image/png",
  },
  {
    method: "post",
    path: "/api/estimates",
    summary: "See what a video is and what each tier would make of it",
    about: "Media facts, findings, a proposed preset, and size, time and price for each tier. Nothing is made.",
    body: EstimateQuestion,
    status: 200,
    answers: EstimateDocument,
  },
  {
    method: "post",
    path: "/api/tastes",
    summary: "Have the most demanding two seconds made in every tier",
    about: "Free; one at a time.",
    body: EstimateQuestion,
    status: 201,
    answers: TasteDocument,
  },
  {
    method: "get",
    path: "/api/jobs/counts",
    summary: "Count your jobs by state",
    query: [{ name: "tastes", about: "`show` (default), `hide` or `only` jobs that show a taste." }],
    status: 200,
    answers: JobCountsDocument,
  },
  { method: "post", path: "/api/jobs/{id}/retry", summary: "Submit the same again", status: 202, answers: JobDocument },
  {
    method: "post",
    path: "/api/jobs/{id}/remove",
    summary: "Remove a job and its files",
    about: "Cancels it where it is unfinished. Its upload goes too unless another job of yours is of the same.",
    status: 200,
    answers: RemovedDocument,
  },
  {
    method: "get",
    path: "/api/events",
    summary: "Follow all your jobs",
    about: "Server-sent events `hello`, `job` (the whole job) and `removed`; taken up again by `Last-Event-ID`, some twice.",
    headers: [{ name: "Last-Event-ID", about: "Of the last event that came; without it, only what happens from now on." }],
    status: 200,
    answers: "text/event-stream",
  },
  {
    method: "get",
    path: "/api/jobs/{id}/view",
    summary: "Get what a player needs to compare source and result",
    status: 200,
    answers: ViewDocument,
  },
  {
    method: "get",
    path: "/api/jobs/{id}/times",
    summary: "List the times of frames",
    query: [
      { name: "of", about: "`result` (default) or `source`." },
      { name: "from", about: "The first frame, 0 by default." },
      { name: "count", about: "1 to 5000, 1000 by default." },
    ],
    status: 200,
    answers: TimesDocument,
  },
  {
    method: "get",
    path: "/api/jobs/{id}/frame",
    summary: "Get one frame of the result or of the source",
    query: [{ name: "of", about: "`result` (default) or `source`." }, ...frameQuery],
    status: 200,
    answers: "image/png",
  },
];

/** What takes an admin key. */
export const adminOperations: readonly Operation[] = [
  { method: "get", path: "/api/admin/accounts", summary: "Admin: list accounts", status: 200, answers: AccountList },
  {
    method: "patch",
    path: "/api/admin/accounts/{id}",
    summary: "Admin: change an account's limits",
    about: "Null: the server's own setting.",
    body: NewLimits,
    status: 200,
    answers: AccountDocument,
  },
  { method: "get", path: "/api/admin/keys", summary: "Admin: list keys", status: 200, answers: KeyList },
  {
    method: "post",
    path: "/api/admin/keys",
    summary: "Admin: make a key",
    about: "The key itself is shown this once.",
    body: NewKeyDocument,
    status: 201,
    answers: CreatedKeyDocument,
  },
  {
    method: "delete",
    path: "/api/admin/keys/{id}",
    summary: "Admin: end a key's validity",
    status: 200,
    answers: z.object({ revoked: z.literal(true) }),
  },
  {
    method: "post",
    path: "/api/admin/grants",
    summary: "Admin: add to an account's credits",
    body: NewGrantDocument,
    status: 200,
    answers: GrantDocument,
  },
  { method: "get", path: "/api/admin/jobs", summary: "Admin: list everyone's latest jobs", status: 200, answers: JobLineList },
  {
    method: "get",
    path: "/api/admin/deliveries",
    summary: "Admin: list everyone's latest callbacks",
    status: 200,
    answers: DeliveryLineList,
  },
  {
    method: "post",
    path: "/api/admin/deliveries/{id}/resend",
    summary: "Admin: send a callback again",
    status: 200,
    answers: z.object({ sent: z.literal(true) }),
  },
  { method: "get", path: "/api/admin/workers", summary: "Admin: list workers", status: 200, answers: WorkerList },
  { method: "get", path: "/api/admin/queue", summary: "Admin: look at the queue", status: 200, answers: QueueDocument },
];
