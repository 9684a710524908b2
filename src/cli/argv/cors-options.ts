import { parseUrl } from "../../text/parse-url.ts";
import { textsOf, type Option } from "./option.ts";

const EXAMPLE = "https://app.example.org";

/** Schemes that no page has, or whose pages send null. */
const NO_PAGE = /^(?:wss?|ftps?|about|blob|data|javascript):/;

/** An origin of a browser's extension, or of a program that shows pages of its own, such as `app://notes`. */
const OF_PROGRAM = /^[a-z][a-z\d+.-]*:\/\/[a-z\d._-]+(?::\d{1,5})?$/;

/** As a browser sends it (RFC 6454 §6.2): in lower case and ASCII, without the usual port. Undefined if it is none. */
function serialized(text: string): string | undefined {
  if (/^https?:/.test(text)) return parseUrl(text)?.origin;
  return OF_PROGRAM.test(text) && !NO_PAGE.test(text) ? text : undefined;
}

/** One origin, from `scheme://host[:port]` in any spelling. */
function originOf(typed: string): string {
  const text = typed.trim().replace(/^[a-z][a-z\d+.-]*:/i, (scheme) => scheme.toLowerCase());
  if (text.includes("*"))
    throw new Error("origins by their names (a wildcard would let in pages of sites that you do not know)");
  if (text.toLowerCase() === "null" || text.startsWith("file:"))
    throw new Error(
      "origins by their names (null is sent by local files and by sandboxed pages of any site)",
    );
  const [, start = "", rest = ""] = /^([^:]*:\/\/[^\s/?#\\]+)\/?(.*)$/s.exec(text) ?? [];
  const origin = serialized(start.replace(/(?<=\/\/).*@/, "").toLowerCase());
  if (origin === undefined) throw new Error(`origins as browsers send them, such as ${EXAMPLE}`);
  if (rest !== "" || start.includes("@"))
    throw new Error(`origins as browsers send them, such as ${origin} (scheme, host and port, no more)`);
  return origin;
}

const origins = (texts: readonly string[]): readonly string[] => [...new Set(texts.map(originOf))];

const fromText = (text: string) => origins(textsOf(text).flatMap((each) => each.split(",")));

/** Whose pages may use the API in a browser (docs/browser.md#cors). */
export const corsOptions = {
  corsOrigin: {
    flag: "cors-origin",
    value: "ORIGIN",
    repeats: true,
    env: ["AI_CHAT_CORS_ORIGIN"],
    help: `let web pages of this origin use the API, such as ${EXAMPLE}; again for each origin`,
    shown: "none",
    fallback: undefined,
    parse: fromText,
    read: (value) => {
      if (typeof value === "string") return fromText(value);
      if (Array.isArray(value) && value.every((each) => typeof each === "string")) return origins(value);
      throw new Error("a text, or a list of texts");
    },
    schema: {
      anyOf: [
        { type: "string", pattern: "://" },
        { type: "array", items: { type: "string", pattern: "://" } },
      ],
    },
  } satisfies Option<readonly string[] | undefined> as Option<readonly string[] | undefined>,
};
