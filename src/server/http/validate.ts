import type { z } from "zod";
import type { FieldError } from "../../protocol/errors.ts";
import { ApiError } from "../core/api-error.ts";
import type { Context, Middleware } from "./context.ts";

/** Most field errors in a reply: a small request must not cause a large reply. */
const MOST_ERRORS = 100;

/** Most field errors that `detail` spells out. */
const SPELT_OUT = 3;

const errorOf = (issue: { path: PropertyKey[]; message: string }): FieldError => ({
  field: issue.path.join("."),
  detail: issue.message,
});

/** Names the field if it is nested: `content is required.` does not say which turn. */
const sentenceOf = ({ field, detail }: FieldError) => (field.includes(".") ? `${field}: ${detail}` : detail);

/** 400 `invalid_request` with the field errors and a summary. */
export function invalidFields(fields: FieldError[]): ApiError {
  const more = fields.length - SPELT_OUT;
  const spelt = fields.slice(0, SPELT_OUT).map(sentenceOf).join(" ");
  return new ApiError("invalid_request", more > 0 ? `${spelt} And ${more} more.` : spelt, {
    fields: fields.slice(0, MOST_ERRORS),
  });
}

/** The last step of a route; `input` is the body as its schema reads it. */
export type Handler<Input> = (ctx: Context, input: Input) => Promise<void>;

/** Reads the body with `schema` and passes the result to `handle`. */
export function validate<Input>(schema: z.ZodType<Input>, handle: Handler<Input>): Middleware {
  return function validate(ctx) {
    const result = schema.safeParse(ctx.state.body);
    if (!result.success) throw invalidFields(result.error.issues.map(errorOf));
    // Images are in memory as long as anything refers to them.
    ctx.state.body = {};
    return handle(ctx, result.data);
  };
}
