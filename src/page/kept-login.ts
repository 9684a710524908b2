import { parsed, record } from "../text/loose-json.ts";

export interface Login {
  token: string;
  /** As the account is named. */
  name: string;
}

/** The login that the user let this browser keep, and whether there was one in this tab. */
export interface KeptLogin {
  read(): Login | undefined;
  keep(login: Login): void;
  forget(): void;
  /** Whether this tab was signed in, before it was reloaded, by a login that is not kept. */
  wasSignedIn(): boolean;
  /** Notes that this tab is signed in, or is not. */
  note(isSignedIn: boolean): void;
  /** Calls `listener` when another tab forgets the kept login. */
  onForgotten(listener: () => void): void;
}

/** Storage can be full, or refused by the browser's settings: then nothing is kept. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Opens what this browser keeps for the page at this address. */
export function openKeptLogin(): KeptLogin {
  // Two servers can have one origin, below different prefixes.
  const key = `ai-chat login ${location.pathname}`;
  return {
    read() {
      const kept = record(parsed(attempt(() => localStorage.getItem(key)) ?? ""));
      const { token, name } = kept ?? {};
      return typeof token === "string" && typeof name === "string" ? { token, name } : undefined;
    },
    keep: (login) => attempt(() => localStorage.setItem(key, JSON.stringify(login))),
    forget: () => attempt(() => localStorage.removeItem(key)),
    wasSignedIn: () => typeof attempt(() => sessionStorage.getItem(key)) === "string",
    note(isSignedIn) {
      attempt(() => (isSignedIn ? sessionStorage.setItem(key, "") : sessionStorage.removeItem(key)));
    },
    onForgotten(listener) {
      addEventListener("storage", (event) => {
        if (event.storageArea === localStorage && (event.key === key || event.key === null))
          if (event.newValue === null) listener();
      });
    },
  };
}
