import { type Dispatcher, request } from "undici";
import { z } from "zod";
import { readBaseUrl } from "./base-url.ts";
import { readBody, textOf } from "./reply-body.ts";
import { requestHeaders } from "./request-headers.ts";

const listing = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

/**
 * The models that an upstream lists (`GET {base}/models`), in its order, without those for embeddings. Undefined if no
 * such list comes within `timeout` milliseconds, or if it is longer than {@link readBody} reads.
 */
export async function listModels({
  baseUrl,
  apiKey,
  dispatcher,
  timeout,
}: {
  baseUrl: string;
  apiKey?: string | undefined;
  dispatcher: Dispatcher;
  timeout: number;
}): Promise<string[] | undefined> {
  const { address, query, authorization } = readBaseUrl(baseUrl);
  const headers = requestHeaders(apiKey, authorization);
  try {
    const { statusCode, body } = await request(`${address}/models`, {
      dispatcher,
      query,
      headers,
      signal: AbortSignal.timeout(timeout),
    });
    const text = await textOf(readBody(body));
    if (statusCode !== 200) return undefined;
    const reply = listing.safeParse(JSON.parse(text));
    if (!reply.success) return undefined;
    return reply.data.data.map(({ id }) => id).filter((id) => !/embed/i.test(id));
  } catch {
    return undefined;
  }
}
