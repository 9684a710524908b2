import type { ApiKeyInfo } from "../../../client/http/api-keys.ts";
import { counted } from "../../../text/numbers.ts";

/** What an API key may spend. */
export const limitWords = ({ limit }: Pick<ApiKeyInfo, "limit">): string =>
  limit ? `${counted(limit.tokens, "token")} a ${limit.per}` : "no limit";
