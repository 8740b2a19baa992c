import { z } from "zod";

export const modelName = "upscale_v1";

/** One thing that is wrong with a body, as the service words it. */
export type Issue = { readonly code: string; readonly path: readonly (string | number)[]; readonly message: string } & Readonly<
  Record<string, unknown>
>;

/** Members that are not named here are ignored. */
export const CreateBody = z.object({
  model: z.string().pipe(z.literal(modelName)),
  videoUri: z.string(),
});
export type CreateBody = z.infer<typeof CreateBody>;

export const UploadBody = z.object({
  filename: z.string().min(1).max(255),
  type: z.literal("ephemeral"),
});

/** Years that every database knows, with what is added to them. */
const day = z.iso.date().refine((text) => /^[12]/.test(text), "Invalid ISO date");

export const UsageBody = z.object({ startDate: day.optional(), beforeDate: day.optional() });
export type UsageBody = z.infer<typeof UsageBody>;

export type Credits = { readonly credits: number };

export type TaskBody = {
  readonly id: string;
  readonly createdAt: string;
} & (
  | { readonly status: "PENDING" | "THROTTLED"; readonly estimatedCost: Credits }
  | { readonly status: "RUNNING"; readonly progress: number; readonly estimatedCost: Credits }
  | { readonly status: "SUCCEEDED"; readonly output: readonly string[]; readonly cost: Credits }
  | { readonly status: "FAILED"; readonly failure: string; readonly failureCode?: string; readonly cost: Credits }
  | { readonly status: "CANCELLED"; readonly cost: Credits }
);

export type UploadSlot = {
  readonly uploadUrl: string;
  /** Sent along with the file, before it. */
  readonly fields: { readonly key: string; readonly token: string };
  readonly runwayUri: string;
};

export type OrganizationBody = {
  readonly creditBalance: number;
  readonly tier: {
    readonly maxMonthlyCreditSpend: number;
    readonly models: Readonly<
      Record<string, { readonly maxConcurrentGenerations: number; readonly maxDailyGenerations: number | null }>
    >;
  };
  readonly usage: { readonly models: Readonly<Record<string, { readonly dailyGenerations: number }>> };
};

export type UsageReply = {
  readonly models: readonly string[];
  readonly results: readonly {
    readonly date: string;
    readonly usedCredits: readonly { readonly model: string; readonly amount: number }[];
  }[];
};
