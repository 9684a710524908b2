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
  /**
   * Forgets this login, if it is the one that is kept. Other tabs with it are told only if the user logged out: one that is not
   * told finds out by itself, and what was written there stays.
   */
  forget(login: Login, isLoggedOut: boolean): void;
  /** Whether this tab was signed in, before it was reloaded, by a login that is not kept. */
  wasSignedIn(): boolean;
  /** Notes that this tab is signed in, or is not. */
  note(isSignedIn: boolean): void;
  /** Calls `listener` with the token of a kept login when its user logged out in another tab. */
  onLoggedOut(listener: (token: string) => void): void;
}

/** Storage can be full, or refused by the browser's settings: then nothing is kept. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function loginOf(text: string | null | undefined): Login | undefined {
  const { token, name } = record(parsed(text ?? "")) ?? {};
  return typeof token === "string" && typeof name === "string" ? { token, name } : undefined;
}

/** Opens what this browser keeps for the page at this address. */
export function openKeptLogin(): KeptLogin {
  // Two servers can have one origin, below different prefixes.
  const key = `ai-chat login ${location.pathname}`;
  const read = () => loginOf(attempt(() => localStorage.getItem(key)));
  return {
    read,
    keep: (login) => attempt(() => localStorage.setItem(key, JSON.stringify(login))),
    forget(login, isLoggedOut) {
      if (read()?.token !== login.token) return;
      attempt(() => {
        // Then what is removed is no login, which other tabs see.
        if (!isLoggedOut) localStorage.setItem(key, "");
        localStorage.removeItem(key);
      });
    },
    wasSignedIn: () => typeof attempt(() => sessionStorage.getItem(key)) === "string",
    note(isSignedIn) {
      attempt(() => (isSignedIn ? sessionStorage.setItem(key, "") : sessionStorage.removeItem(key)));
    },
    onLoggedOut(listener) {
      addEventListener("storage", ({ storageArea, key: changed, newValue, oldValue }) => {
        if (storageArea !== localStorage || changed !== key || newValue !== null) return;
        const gone = loginOf(oldValue);
        if (gone) listener(gone.token);
      });
    },
  };
}
