import { SECRET_BYTES } from "../../protocol/limits.ts";
import { checkedHeaders, headersSchema } from "./headers.ts";
import { json, text } from "./option.ts";

/** One secret, or several with white space between them. */
function longSecrets(typed: string): string {
  const secrets = typed.trim().split(/\s+/);
  if (secrets.every((secret) => Buffer.byteLength(secret) >= SECRET_BYTES)) return typed;
  const each = secrets.length > 1 ? ", each of the secrets that white space separates" : "";
  throw new Error(`at least ${SECRET_BYTES} bytes long${each} (openssl rand -base64 48 makes one)`);
}

function apiKey(typed: string): string {
  // What reads lines of NAME="value" without a shell, such as `docker --env-file`, keeps the quotes.
  if (/^(["']).*\1$/.test(typed.trim())) throw new Error("a key without quotes around it");
  if (/^[\x21-\x7e]+$/.test(typed.trim())) return typed.trim();
  throw new Error("one key, in visible ASCII characters without spaces");
}

/** The options of a server that have no flag, because everybody on the machine can read a command line. */
export const serverSecrets = {
  apiKey: text(
    {
      env: ["AI_CHAT_API_KEY", "OPENAI_API_KEY"],
      envFile: "AI_CHAT_API_KEY_FILE",
      secret: true,
      elsewhere: "always",
      help: "API key of the AI",
    },
    apiKey,
  ),
  headers: json(
    { env: ["AI_CHAT_HEADERS"], secret: true, help: "more headers for the AI, as a JSON object" },
    headersSchema,
    checkedHeaders,
  ),
  jwtSecret: text(
    {
      env: ["AI_CHAT_JWT_SECRET"],
      envFile: "AI_CHAT_JWT_SECRET_FILE",
      secret: true,
      elsewhere: "always",
      help: "signs tokens, at least 32 bytes; of several, the first signs; by default the store generates one",
    },
    longSecrets,
  ),
  storePassword: text({
    env: ["PGPASSWORD"],
    envFile: "PGPASSWORD_FILE",
    secret: true,
    elsewhere: "always",
    help: "the password of a Postgres store",
  }),
};
