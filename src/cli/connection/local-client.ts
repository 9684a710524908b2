import { isGone } from "../../client/http/ask-again.ts";
import { ClientError } from "../../client/failure.ts";
import type { ApiClient } from "../../client/http/contract.ts";
import type { LocalServer } from "./local-server.ts";

/** How to open the server `local` and create a client for it. */
interface Opener {
  open: () => Promise<LocalServer>;
  client: (url: string, token: string | undefined) => ApiClient;
}

export interface LocalClient {
  client: ApiClient;
  /** Of the first server that was found or started. */
  started: LocalServer["started"];
  close(): Promise<void>;
}

/**
 * A client of `local` that survives the end of its server (docs/cli.md#your-own-server). If the process that runs the
 * server ends, the server is reopened by the first process that needs it, and the call is repeated; this can happen
 * several times. Questions are not repeated here but by `askAgain`, which calls `reopen`.
 */
export async function openLocalClient(
  { open, client: clientAt }: Opener,
  token: string | undefined,
): Promise<LocalClient> {
  let server = await open();
  let client = clientAt(server.url, token);
  const { started } = server;
  let reopening: Promise<void> | undefined;
  let asked = client;

  const reopen = async (token: string | undefined) => {
    const [oldServer, oldClient] = [server, client];
    await oldClient.close();
    await oldServer.close();
    server = await open();
    client = clientAt(server.url, token);
  };
  /** Runs one replacement at a time. A failure at a client that was already replaced does nothing. */
  const replace = async (failed: ApiClient, token = failed.token) => {
    if (failed !== client) return;
    reopening ??= reopen(token).finally(() => {
      reopening = undefined;
    });
    await reopening;
  };

  /** Not if this process runs the server, nor if the call failed at the same URL before. */
  const shouldRepeat = (error: unknown, url: string, failedBefore: string | undefined) =>
    error instanceof ClientError &&
    isGone(error) &&
    url !== failedBefore &&
    !(url === server.url && server.started);

  /** `token` is for the next client, if the call removes the token of the failed one. */
  const repeated = async <T>(call: (client: ApiClient) => Promise<T>, token?: string): Promise<T> => {
    for (let failed: string | undefined; ;) {
      await reopening;
      const [used, { url }] = [client, server];
      try {
        return await call(used);
      } catch (error) {
        if (!shouldRepeat(error, url, failed)) throw error;
        failed = url;
      }
      await replace(used, used.token ?? token);
    }
  };

  return {
    started,
    client: {
      get server() {
        return client.server;
      },
      get token() {
        return client.token;
      },
      register: (credentials) => repeated((client) => client.register(credentials)),
      login: (credentials) => repeated((client) => client.login(credentials)),
      logout: (signal) => repeated((client) => client.logout(signal), client.token),
      changePassword: (passwords) => repeated((client) => client.changePassword(passwords)),
      createKey: (wished, signal) => repeated((client) => client.createKey(wished, signal)),
      keys: (signal) => repeated((client) => client.keys(signal)),
      revokeKey: (id, signal) => repeated((client) => client.revokeKey(id, signal)),
      usage: (days, signal, by) => repeated((client) => client.usage(days, signal, by)),
      balance: (signal) => repeated((client) => client.balance(signal)),
      async *ask(question) {
        await reopening;
        asked = client;
        yield* asked.ask(question);
      },
      async reopen() {
        if (asked === client && server.started) return false;
        await replace(asked);
        return true;
      },
      offer: (signal) => client.offer(signal),
      models: (signal) => repeated((client) => client.models(signal)),
      isChatServer: () => client.isChatServer(),
      close: () => client.close(),
    },
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}
