import type { ModelConfig } from "../../config.ts";
import { atOpenAi } from "../base-url.ts";

type Body = Readonly<Record<string, unknown>>;

/** What an upstream gets of a client's body. */
export type RelayBody = (body: Body) => Record<string, unknown>;

/** Both names of the same limit: newer models of OpenAI know only one, the hosts of others only the other. */
const LIMITS = { openai: "max_completion_tokens", others: "max_tokens" } as const;

/**
 * What an upstream gets of a client's body: the smaller limit of tokens, the client's values before those of the model, and
 * what the operator set in `extra_body` before all.
 */
export function createRelayBody({
  baseUrl,
  maxOutputTokens,
  temperature,
  reasoningEffort,
  extraBody,
}: Pick<ModelConfig, "baseUrl" | "maxOutputTokens" | "temperature" | "reasoningEffort" | "extraBody">): (
  body: Body,
) => Record<string, unknown> {
  const own = {
    ...(temperature !== undefined && { temperature }),
    ...(reasoningEffort !== undefined && { reasoning_effort: reasoningEffort }),
  };
  const limitName = atOpenAi(baseUrl) ? LIMITS.openai : LIMITS.others;
  return (body) => ({ ...own, ...withLimit(body, limitName, maxOutputTokens), ...extraBody });
}

/** The limit has the name that the upstream knows: it would ignore the other, and the operator's with it. */
function withLimit(body: Body, name: string, most: number | undefined): Body {
  if (most === undefined) return body;
  const { [LIMITS.openai]: one, [LIMITS.others]: other, ...rest } = body;
  const asked = [one, other].filter((limit): limit is number => typeof limit === "number" && limit >= 1);
  return { ...rest, [name]: Math.min(most, ...asked) };
}
