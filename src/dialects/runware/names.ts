/** The one model that is served here. */
export const modelId = "bytedance:50@1";

export const taskTypes = [
  "authentication",
  "ping",
  "upscale",
  "getResponse",
  "mediaStorage",
  "imageUpload",
  "getTaskDetails",
] as const;
export type TaskType = (typeof taskTypes)[number];

/** Task types that make work, and so count against a key's rate. */
export const countedTaskTypes: ReadonlySet<TaskType> = new Set(["upscale", "mediaStorage", "imageUpload"]);
