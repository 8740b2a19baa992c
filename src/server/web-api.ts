import type { z } from "zod";
import type { CreatedKeyDocument } from "./control-wire.ts";
import type { Models } from "./native/openapi.ts";
import type { JobList, LogDocument, UploadDocument } from "./native/wire.ts";

// What the page and the server say to each other, as types only: nothing of the server comes along.

export type { Report } from "../engine/report.ts";
export type { AccountDocument, QueueDocument, WorkerDocument } from "./admin/wire.ts";
export type { DeliveryLine, KeyDocument } from "./control-wire.ts";
export type {
  EstimateDocument,
  JobCountsDocument,
  PictureDocument,
  SessionDocument,
  TasteDocument,
  TierEstimate,
  TimesDocument,
  ViewDocument,
} from "./native/page-wire.ts";
export type { JobDocument } from "./native/wire.ts";

export type CreatedKey = z.infer<typeof CreatedKeyDocument>;
export type JobListDocument = z.infer<typeof JobList>;
export type JobLogLine = z.infer<typeof LogDocument>["lines"][number];
export type ModelsDocument = z.infer<typeof Models>;
export type UploadFacts = z.infer<typeof UploadDocument>;
