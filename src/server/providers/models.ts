import { type Dispatcher, request } from "undici";
import { z } from "zod";
import { readBaseUrl } from "./base-url.ts";
import { requestHeaders } from "./request-headers.ts";

const listing = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

/**
 * Names of the models that an upstream lists (`GET {base}/models`), in its order, less those that only embed.
 * Undefined where it does not answer so within `timeout` milliseconds.
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
    const reply = listing.safeParse(await body.json());
    if (statusCode !== 200 || !reply.success) return undefined;
    return reply.data.data.map(({ id }) => id).filter((id) => !/embed/i.test(id));
  } catch {
    return undefined;
  }
}
