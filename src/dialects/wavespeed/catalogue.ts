import { AppError } from "../../domain/errors.ts";
import { wavespeedCents } from "../../domain/pricing.ts";
import { parseJson, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { modelId } from "./names.ts";
import { refusal, success, type WavespeedReply } from "./reply.ts";
import { ownKey } from "./submit.ts";
import { Quote } from "./wire.ts";
import { webhookSecret } from "./webhook.ts";

/** What an account without a limit is told: clients calculate with a number. */
const unlimitedUsd = 1_000_000;

export async function readBalance({ accountId, parts }: Call): Promise<WavespeedReply> {
  const { balanceMicros } = await parts.accountFacts(accountId);
  return success({ balance: balanceMicros === undefined ? unlimitedUsd : Number(balanceMicros) / 1e6 });
}

export async function readWebhookSecret({ accountId, parts }: Call): Promise<WavespeedReply> {
  return success({ secret: webhookSecret(parts.signingKey, accountId) });
}

export async function listModels(): Promise<WavespeedReply> {
  return success([model]);
}

const model = {
  model_id: modelId,
  name: "Runwayml Upscale V1",
  description: "Makes a video four times as large, up to 4096 pixels on its long side, and keeps its frame rate and sound.",
  type: "video-to-video",
  base_price: 0.1,
  formula: "max(5, floor(seconds)) * 0.02",
  api_schema: {
    api_schemas: [
      {
        type: "model_run",
        method: "POST",
        api_path: `/api/v3/${modelId}`,
        request_schema: {
          type: "object",
          properties: { video: { type: "string", description: "The video to upscale: its URL." } },
          required: ["video"],
          "x-order-properties": ["video"],
        },
      },
    ],
  },
} as const;

/** What a run would cost: by the video's length where it lies here, else the least that any costs. */
export async function quote({ request, parts }: Call): Promise<WavespeedReply> {
  const { model_id: wanted, inputs: video } = parseJson(await readBody(request.body), Quote);
  if (wanted !== modelId) return refusal(404, "model not found");
  const price = Number(wavespeedCents(await durationOf(video, parts, request.disconnected))) / 100;
  // `unit_price` is what the vendor's command line prints.
  const prices = { price, discounted_price: price, discount_rate: 0, unit_price: price };
  return success({ model_id: modelId, ...prices, currency: "USD" });
}

/** Clients give up on an answer after ten seconds. */
const lookMs = 8_000;

/** Units: seconds; 0 for what is not ours or no video.  Throws: AppError `rate_limited` when too many are looked at. */
async function durationOf(video: string | undefined, parts: Call["parts"], signal: AbortSignal): Promise<number> {
  const url = URL.parse(video ?? "");
  const key = url === null ? undefined : ownKey(url, parts);
  if (key === undefined) return 0;
  try {
    return (await parts.inspectSource({ kind: "object", key }, { timeoutMs: lookMs, signal })).facts.durationSeconds;
  } catch (error) {
    if (error instanceof AppError && error.code !== "rate_limited") return 0;
    throw error;
  }
}
