import type { z } from "zod";

/** One request of the native API, as its OpenAPI document tells of it. */
export type Operation = {
  readonly method: "get" | "post" | "patch" | "delete";
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly summary: string;
  readonly about?: string;
  readonly body?: z.ZodType;
  readonly bodyType?: string;
  readonly query?: readonly { readonly name: string; readonly about: string }[];
  readonly headers?: readonly { readonly name: string; readonly about: string }[];
  readonly status: number;
  readonly answers: z.ZodType | string;
  readonly isPublic?: boolean;
};
