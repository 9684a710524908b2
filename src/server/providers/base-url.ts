import { parseUrl } from "../../text/parse-url.ts";
import { StartupError } from "../core/startup-error.ts";

/** OpenAI's own address. */
export const OPENAI_URL = "https://api.openai.com/v1";

/** The parts of an upstream's base URL. */
interface BaseUrl {
  /** Without user info, query, fragment and last slash; may be shown and logged. */
  address: string;
  /** The query with its question mark, to be sent with every request (`?api-version=…`), or ""; it may hold a secret. */
  search: string;
  /** `Basic …`, if the URL holds user info. */
  authorization: string | undefined;
  /** Its user info, also as it is sent. */
  secrets: string[];
}

/** Reads the operator's `--base-url`. StartupError for anything but an http or https URL; it does not quote the URL. */
export function readBaseUrl(text: string): BaseUrl {
  const url = parseUrl(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new StartupError(
      "The base URL of the AI is not an http or https URL.",
      "Give the complete URL, such as --base-url http://127.0.0.1:11434/v1",
    );
  }
  const user = [decoded(url.username), decoded(url.password)] as const;
  const authorization = basic(...user);
  return {
    address: (url.origin + url.pathname).replace(/\/+$/, ""),
    search: url.search,
    authorization,
    secrets: [...user, ...(authorization ? [authorization.slice("Basic ".length)] : [])],
  };
}

function basic(username: string, password: string): string | undefined {
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Text with a stray percent sign is used as typed. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a base URL, or none, is OpenAI's own. */
export const atOpenAi = (baseUrl: string | undefined): boolean =>
  readBaseUrl(baseUrl || OPENAI_URL).address === OPENAI_URL;
