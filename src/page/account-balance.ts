import { settle, type Settled } from "../protocol/settle.ts";
import * as api from "./api.ts";
import { sleep } from "./sleep.ts";

/** The balance of whoever is signed in. */
export interface AccountBalance {
  /** Shows the balance that the server told. */
  show(tokens: number | null): void;
  /** Asks for it and shows it. Undefined if somebody else is signed in by then. Throws `Failure`. */
  read(): Promise<api.Balance | undefined>;
  /** What a stopped question of this price cost, and shows what is left. Undefined if somebody else is signed in by then. */
  settle(price: number): Promise<Settled | undefined>;
  /** Shows it after a question of this price was left under way by a new conversation. */
  catchUp(price: number): Promise<void>;
}

/** See {@link AccountBalance}. `onBalance` shows it. */
export function createAccountBalance(
  token: () => string,
  onBalance: (tokens: number | null) => void,
): AccountBalance {
  let tokens: number | null = null;
  /** How often it was shown: a reply to what was asked before the last time is not news. */
  let shown = 0;

  function show(now: number | null): void {
    shown += 1;
    tokens = now;
    onBalance(now);
  }

  async function readBy<T extends { tokens: number | null }>(read: (token: string) => Promise<T>) {
    const [own, before] = [token(), shown];
    const found = await read(own);
    if (own !== token()) return undefined;
    if (found.tokens !== null && shown === before) show(found.tokens);
    return found;
  }

  const settleFor = (price: number) =>
    readBy((own) => {
      const client = { balance: (signal: AbortSignal) => api.balance(own, signal) };
      return settle({ client, before: tokens, price, sleep, now: Date.now });
    });

  return {
    show,
    read: () => readBy((own) => api.balance(own)),
    settle: settleFor,
    async catchUp(price) {
      if (token() === "") return;
      tokens = null;
      await settleFor(price);
    },
  };
}
