import type { z } from "zod";
import type { FieldError } from "../../protocol/errors.ts";
import { ApiError } from "../core/api-error.ts";
import type { Context, Middleware } from "./context.ts";

/** Complaints beyond this many help nobody and would let a small request ask for a large reply. */
const MOST_COMPLAINTS = 100;

/** How many of them `detail` spells out. */
const SPELT_OUT = 3;

const complaintOf = (issue: { path: PropertyKey[]; message: string }): FieldError => ({
  field: issue.path.join("."),
  detail: issue.message,
});

/** `content is required.` says too little about the fourth of ten turns. */
const sentenceOf = ({ field, detail }: FieldError) => (field.includes(".") ? `${field}: ${detail}` : detail);

/** 400 `invalid_request` with every complaint, and a sentence that sums them up. */
export function invalidFields(fields: FieldError[]): ApiError {
  const more = fields.length - SPELT_OUT;
  const spelt = fields.slice(0, SPELT_OUT).map(sentenceOf).join(" ");
  return new ApiError("invalid_request", more > 0 ? `${spelt} And ${more} more.` : spelt, {
    fields: fields.slice(0, MOST_COMPLAINTS),
  });
}

/** The last step of a route: answers a request whose body its schema has read. */
export type Handler<Input> = (ctx: Context, input: Input) => Promise<void>;

/** Checks the body against `schema`, and hands what the schema makes of it to `handle`. */
export function validate<Input>(schema: z.ZodType<Input>, handle: Handler<Input>): Middleware {
  return async function validate(ctx) {
    const result = schema.safeParse(ctx.state.body);
    if (!result.success) throw invalidFields(result.error.issues.map(complaintOf));
    await handle(ctx, result.data);
  };
}
