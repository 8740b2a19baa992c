import { falUnitPriceMicros } from "../../domain/pricing.ts";
import { endpointId } from "./names.ts";

/** What callers may send, in the order in which it is shown. */
const inputProperties = {
  video_url: {
    type: "string",
    title: "Video Url",
    description: "The URL of the video to upscale; a data URI works too.",
    examples: ["https://example.com/clip.mp4"],
  },
  target_resolution: choice(
    "Target Resolution",
    ["1080p", "2k", "4k"],
    "1080p",
    "The output's short side: 1080, 1440 or 2160. Ignored when scale_ratio is given.",
  ),
  target_fps: {
    type: "string",
    title: "Target Fps",
    description: "The output's frame rate. Left out: the source's own.",
    enum: ["30fps", "60fps"],
    examples: ["60fps"],
  },
  enhancement_preset: choice(
    "Enhancement Preset",
    ["general", "ugc", "short_series", "aigc", "old_film"],
    "general",
    "The kind of video.",
  ),
  enhancement_tier: choice("Enhancement Tier", ["fast", "standard", "pro"], "standard", "How much work is put into each frame."),
  scale_ratio: {
    anyOf: [{ type: "number", minimum: 1.1, maximum: 10 }, { type: "null" }],
    title: "Scale Ratio",
    description: "Multiplies width and height, in place of target_resolution; the output may have up to 3840x2160 pixels.",
  },
  fidelity: choice("Fidelity", ["high", "medium"], "high", "How close the output stays to the source."),
} as const;

const outputProperties = {
  video: { title: "Video", description: "The upscaled video.", allOf: [{ $ref: "#/components/schemas/File" }] },
  duration: { type: "number", title: "Duration", description: "Length of the upscaled video in seconds.", examples: [10] },
} as const;

function choice<const Values extends readonly string[]>(
  title: string,
  values: Values,
  byDefault: Values[number],
  description: string,
) {
  return { type: "string", title, description, enum: values, default: byDefault, examples: [byDefault] };
}

const modelName = "BytedanceUpscalerUpscaleVideo";

const schemas = {
  QueueStatus: {
    type: "object",
    properties: {
      status: { type: "string", enum: ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"] },
      request_id: { type: "string", description: "The request id." },
      response_url: { type: "string", description: "The response url." },
      status_url: { type: "string", description: "The status url." },
      cancel_url: { type: "string", description: "The cancel url." },
      logs: { type: "object", description: "The logs.", additionalProperties: true },
      metrics: { type: "object", description: "The metrics.", additionalProperties: true },
      queue_position: { type: "integer", description: "The queue position." },
    },
    required: ["status", "request_id"],
  },
  [`${modelName}Input`]: {
    title: `${modelName}Input`,
    type: "object",
    properties: inputProperties,
    "x-fal-order-properties": Object.keys(inputProperties),
    required: ["video_url"],
  },
  [`${modelName}Output`]: {
    title: `${modelName}Output`,
    type: "object",
    properties: outputProperties,
    "x-fal-order-properties": Object.keys(outputProperties),
    required: ["video", "duration"],
  },
  File: {
    title: "File",
    type: "object",
    properties: {
      url: { type: "string", title: "Url", description: "The URL where the file can be downloaded from." },
      content_type: { type: "string", title: "Content Type", description: "The mime type of the file." },
      file_name: { type: "string", title: "File Name", description: "The name of the file." },
      file_size: { type: "integer", title: "File Size", description: "The size of the file in bytes." },
      file_data: { type: "string", format: "binary", title: "File Data", description: "File data." },
    },
    "x-fal-order-properties": ["url", "content_type", "file_name", "file_size", "file_data"],
    required: ["url"],
  },
};

const requestId = {
  name: "request_id",
  in: "path",
  required: true,
  schema: { type: "string", description: "Request ID" },
};

function answers(description: string, schema: object) {
  return { responses: { "200": { description, content: { "application/json": { schema } } } } };
}

function reference(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}

/** The OpenAPI document of the queue, as the hosted service publishes one per model. */
export function openApiDocument(queueBase: string): object {
  const page = `https://fal.ai/models/${endpointId}`;
  return {
    openapi: "3.0.4",
    info: {
      title: `Queue OpenAPI for ${endpointId}`,
      version: "1.0.0",
      description: `The OpenAPI schema for the ${endpointId} queue.`,
      "x-fal-metadata": {
        endpointId,
        category: "video-to-video",
        thumbnailUrl: "",
        playgroundUrl: page,
        documentationUrl: `${page}/api`,
      },
    },
    components: {
      securitySchemes: { apiKeyAuth: { type: "apiKey", in: "header", name: "Authorization", description: "Fal Key" } },
      schemas,
    },
    paths: {
      [`/${endpointId}/requests/{request_id}/status`]: {
        get: {
          parameters: [
            requestId,
            {
              name: "logs",
              in: "query",
              required: false,
              schema: { type: "number", description: "Whether to include logs (`1`) in the response or not (`0`)." },
            },
          ],
          ...answers("The request status.", reference("QueueStatus")),
        },
      },
      [`/${endpointId}/requests/{request_id}/cancel`]: {
        put: {
          parameters: [requestId],
          ...answers("The request was cancelled.", {
            type: "object",
            properties: { success: { type: "boolean", description: "Whether the request was cancelled successfully." } },
          }),
        },
      },
      [`/${endpointId}`]: {
        post: {
          requestBody: { required: true, content: { "application/json": { schema: reference(`${modelName}Input`) } } },
          ...answers("The request status.", reference("QueueStatus")),
        },
      },
      [`/${endpointId}/requests/{request_id}`]: {
        get: { parameters: [requestId], ...answers("Result of the request.", reference(`${modelName}Output`)) },
      },
    },
    servers: [{ url: queueBase }],
    security: [{ apiKeyAuth: [] }],
  };
}

/** The price list, which has one line. */
export function priceList(): object {
  const price = { endpoint_id: endpointId, unit_price: Number(falUnitPriceMicros) / 1e6, unit: "seconds", currency: "USD" };
  return { prices: [price], next_cursor: null, has_more: false };
}
