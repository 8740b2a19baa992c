import { z } from "zod";
import { adminOperations, pageOperations } from "./page-operations.ts";
import type { Operation } from "./operation.ts";
import { DeliveryList, ResentDocument } from "./deliveries.ts";
import { CreateJob, JobDocument, JobList, LogDocument, PlanQuestion, UploadDocument } from "./wire.ts";

const Anything = z.record(z.string(), z.unknown());
export const Health = z.object({
  status: z.string(),
  version: z.string(),
  open: z.boolean().describe("Whether no key is needed."),
});
export const Models = z.object({ models: z.array(z.looseObject({ id: z.string(), tier: z.string(), preset: z.string() })) });
const Quote = z.object({
  output: z.object({ width: z.int(), height: z.int(), frames: z.int() }),
  duration_seconds: z.number(),
  segments: z.int(),
  multiply_adds: z.number(),
  price_micros: z.string(),
  decisions: z.array(z.object({ topic: z.string(), choice: z.string(), reason: z.string() })),
});
const Failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: Anything, request_id: z.string() }),
});

/** Jobs and what they need. */
const jobOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/api/jobs",
    summary: "Submit a video",
    about: "Give `video_url` or `upload_id`. Once this answers, the job survives any restart.",
    body: CreateJob,
    headers: [{ name: "Idempotency-Key", about: "The same key gives the same job, however often it is sent." }],
    status: 202,
    answers: JobDocument,
  },
  {
    method: "get",
    path: "/api/jobs",
    summary: "List your jobs, the newest first",
    query: [
      { name: "limit", about: "1 to 200, 50 by default." },
      { name: "cursor", about: "`next_cursor` of the page before." },
      { name: "before", about: "Only jobs created before this time." },
      { name: "state", about: "Only jobs in one of these states, separated by commas." },
      { name: "source", about: "Only jobs of the source with this id." },
      { name: "tastes", about: "`show` (default), `hide` or `only` jobs that show a taste." },
    ],
    status: 200,
    answers: JobList,
  },
  { method: "get", path: "/api/jobs/{id}", summary: "Look at a job", status: 200, answers: JobDocument },
  { method: "delete", path: "/api/jobs/{id}", summary: "Cancel a job", status: 200, answers: JobDocument },
  { method: "post", path: "/api/jobs/{id}/cancel", summary: "Cancel a job", status: 200, answers: JobDocument },
  {
    method: "get",
    path: "/api/jobs/{id}/events",
    summary: "Follow a job",
    about: "Server-sent events `state`, `progress` and `log`, from the state now to the last one.",
    status: 200,
    answers: "text/event-stream",
  },
  {
    method: "get",
    path: "/api/jobs/{id}/logs",
    summary: "Read a job's log",
    query: [{ name: "after", about: "Only lines with a higher sequence." }],
    status: 200,
    answers: LogDocument,
  },
  {
    method: "get",
    path: "/api/jobs/{id}/report",
    summary: "Read what was measured of a job's result",
    about: "What `upres --report` writes. 404 while there is none: a job gets its report when it succeeds.",
    status: 200,
    answers: Anything,
  },
  {
    method: "get",
    path: "/api/jobs/{id}/deliveries",
    summary: "List a job's callbacks",
    status: 200,
    answers: DeliveryList,
  },
  {
    method: "post",
    path: "/api/deliveries/{id}/resend",
    summary: "Send a callback again",
    about: "With all its attempts, also when it was delivered before.",
    status: 202,
    answers: ResentDocument,
  },
  {
    method: "post",
    path: "/api/uploads",
    summary: "Upload a video",
    about: "The body is the file itself.",
    bodyType: "application/octet-stream",
    query: [{ name: "name", about: "The file's name." }],
    status: 201,
    answers: UploadDocument,
  },
  {
    method: "post",
    path: "/api/plan",
    summary: "See what would be done, and why",
    about: "Nothing is made. The plan is what `upres plan --json` prints.",
    body: PlanQuestion,
    status: 200,
    answers: Anything,
  },
  {
    method: "post",
    path: "/api/quote",
    summary: "Size, work and price of a job",
    body: PlanQuestion,
    status: 200,
    answers: Quote,
  },
  { method: "get", path: "/api/models", summary: "List the networks", status: 200, answers: Models },
  {
    method: "get",
    path: "/api/webhook-key",
    summary: "Get the key that callbacks are signed with",
    about: "`x-upres-signature` of a callback is the Ed25519 signature of `<x-upres-timestamp>.<body>`, in base64url.",
    status: 200,
    answers: z.object({ keys: z.array(z.looseObject({ kty: z.literal("OKP"), x: z.string() })) }),
    isPublic: true,
  },
  { method: "get", path: "/api/health", summary: "Ask how the server is", status: 200, answers: Health, isPublic: true },
];

/** Everything below /api that callers use. */
export const operations: readonly Operation[] = [...jobOperations, ...pageOperations, ...adminOperations];

/** The OpenAPI 3.1 document of the native API. */
export function openApiDocument(version: string, publicBase: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Upres",
      version,
      description: "Upscales and restores video on this server.",
      license: { name: "Apache-2.0" },
    },
    servers: [{ url: publicBase }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: {
          type: "http",
          scheme: "bearer",
          description: "A key of `upres keys create`; none is needed on a server without keys.",
        },
      },
    },
  };
}

function describeOperation(operation: Operation): object {
  const { path, summary, about, body, bodyType, query = [], headers = [], status, answers, isPublic = false } = operation;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const parameters = [
    ...names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...query.map(({ name, about: description }) => ({ name, in: "query", description, schema: { type: "string" } })),
    ...headers.map(({ name, about: description }) => ({ name, in: "header", description, schema: { type: "string" } })),
  ];
  const bodyContent =
    body === undefined
      ? bodyType === undefined
        ? undefined
        : { [bodyType]: {} }
      : { "application/json": { schema: toSchema(body, "input") } };
  const answerContent =
    typeof answers === "string" ? { [answers]: {} } : { "application/json": { schema: toSchema(answers, "output") } };
  return {
    summary,
    ...(about !== undefined && { description: about }),
    ...(parameters.length > 0 && { parameters }),
    ...(bodyContent !== undefined && { requestBody: { required: true, content: bodyContent } }),
    responses: {
      [status]: { description: "Done.", content: answerContent },
      default: { description: "What went wrong.", content: { "application/json": { schema: toSchema(Failure, "output") } } },
    },
    ...(isPublic && { security: [] }),
  };
}

function toSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
