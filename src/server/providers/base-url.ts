import { StartupError } from "../core/startup-error.ts";

/** Where OpenAI itself answers. */
export const OPENAI_URL = "https://api.openai.com/v1";

/** An upstream's address, taken apart. */
interface BaseUrl {
  /** Without user info, query, fragment and last slash; may be shown and logged. */
  address: string;
  /** The query, to be sent with every request (`?api-version=…`); it may hold a secret. */
  query: Record<string, string>;
  /** `Basic …` where the URL held user info. */
  authorization: string | undefined;
}

/** Reads the operator's `--base-url`. StartupError where it is no http or https URL; what it held is not quoted. */
export function readBaseUrl(text: string): BaseUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new StartupError(
      "The base URL of the AI is not an http or https URL.",
      "Give it whole, such as --base-url http://127.0.0.1:11434/v1",
    );
  }
  return {
    address: (url.origin + url.pathname).replace(/\/+$/, ""),
    query: Object.fromEntries(url.searchParams),
    authorization: basic(url.username, url.password),
  };
}

function basic(username: string, password: string): string | undefined {
  if (username === "" && password === "") return undefined;
  const pair = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** A stray percent sign is taken as typed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
