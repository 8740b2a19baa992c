// The server's own types under the names that the page uses; nothing of the server comes along.

import type {
  AccountDocument,
  DeliveryLine,
  EstimateDocument,
  JobDocument,
  KeyDocument,
  ModelsDocument,
  PictureDocument,
  SessionDocument,
} from "../../../src/server/web-api.ts";

export type {
  CreatedKey,
  EstimateDocument as Estimate,
  JobCountsDocument as JobCounts,
  JobDocument as Job,
  JobListDocument as JobList,
  JobLogLine as LogLine,
  QueueDocument as AdminQueue,
  Report,
  SessionDocument as Session,
  TasteDocument as Taste,
  TierEstimate,
  TimesDocument as Times,
  UploadFacts as Upload,
  ViewDocument as JobView,
  WorkerDocument as AdminWorker,
} from "../../../src/server/web-api.ts";

export type AdminAccount = AccountDocument;
export type AdminKey = KeyDocument;
export type AdminDelivery = DeliveryLine;
export type Model = ModelsDocument["models"][number];
export type PictureFacts = PictureDocument;
export type Tier = SessionDocument["tiers"][number];
export type Preset = SessionDocument["presets"][number];
export type Box = SessionDocument["boxes"][number];
export type Container = SessionDocument["containers"][number];
export type DialectName = SessionDocument["dialects"][number]["name"];
export type JobState = JobDocument["state"];
export type Target = JobDocument["request"]["target"];
export type FrameRate = JobDocument["request"]["fps"];
export type Finding = EstimateDocument["findings"][number];
