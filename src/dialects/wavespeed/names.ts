/** The one model that this dialect stands in for. */
export const modelId = "runwayml/upscale-v1";

/** Five seconds' worth: asked for at submit and charged for anything shorter. */
export const minimumMicros = 100_000n;

/** By which a video may be over the hosted maximum: the rounding of containers. */
export const durationToleranceSeconds = 0.05;
