/** The one model that is served, as callers name it. */
export const endpointId = "fal-ai/bytedance-upscaler/upscale/video";
/** Its first two segments: what URLs of requests and refusals of strangers name. */
export const appId = "fal-ai/bytedance-upscaler";

export const requestIdHeader = "x-fal-request-id";
export const billableUnitsHeader = "x-fal-billable-units";
