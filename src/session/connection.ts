import type { AccountNames } from "../client/account-name.ts";
import type { ApiClient } from "../client/http/contract.ts";
import { normalizeServer } from "../client/http/server-url.ts";
import { tokenExpiry } from "../client/http/token.ts";
import type { Credentials, Entry } from "../client/kept/credentials.ts";
import { isKeyLike } from "../protocol/api-key.ts";
import type { ModelChoice } from "./model.ts";
import type { Kept } from "../client/kept/kept-file.ts";

/** A token, and what is known of it. */
export interface KnownToken extends AccountNames {
  token: string;
  /** Of the environment (`AI_CHAT_TOKEN`) it is not kept here: `/logout` leaves it valid. */
  from: "environment" | "file";
  scheme?: string;
  /** When the server gave it, in milliseconds since the epoch; undefined once the server has accepted it. */
  given?: number;
  /** Milliseconds since the epoch; null if it does not tell. */
  expires: number | null;
}

/** A server, and this user's login there. */
export interface Connection {
  /** The name under which things of this server are kept, and that follows `-s`: its address, or `local`. */
  readonly name: string;
  /** Holds the token that is in use. */
  readonly client: ApiClient;
  /** What the client began with; undefined if nobody is logged in there. */
  readonly token: KnownToken | undefined;
  /** The model that is asked there, if one was chosen. */
  readonly model?: ModelChoice;
  /**
   * Called after a login: makes this server the default if the user named it and none is set. Resolves to what is to be
   * said about it.
   */
  readonly makeDefault?: () => Promise<string | undefined>;
  /** Where logins are kept. */
  readonly credentials: Pick<Credentials, "set" | "remove">;
}

/** Whether requests go with an API key. */
export const hasKey = ({ token }: Pick<ApiClient, "token">) => token !== undefined && isKeyLike(token);

/** What requests go with, in a sentence. */
export const loginWord = (client: Pick<ApiClient, "token">) => (hasKey(client) ? "API key" : "login");

/** A server as shown to people: `local`, or host and port. */
export const shownName = (name: string): string => name.replace(/^https?:\/\//, "");

/** A server in a sentence. */
export const placeName = (name: string, shown = shownName): string =>
  name === "local" ? "your own server on this machine" : shown(name);
/** Whether what was typed names that server. */
export function isNamed(name: string, typed: string): boolean {
  try {
    return name === (typed === "local" ? typed : normalizeServer(typed));
  } catch {
    return false;
  }
}

/** Keeps a login under its server's name. Never rejects. */
export function saveLogin(
  { name, credentials }: Pick<Connection, "name" | "credentials">,
  login: Pick<Entry, "username" | "token" | "scheme" | "given">,
): Promise<Kept> {
  return credentials.set(name, { ...login, expires: tokenExpiry(login.token) ?? undefined });
}
