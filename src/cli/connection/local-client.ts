import { isGone } from "../../client/http/ask-again.ts";
import { ClientError } from "../../client/failure.ts";
import type { ApiClient } from "../../client/http/contract.ts";
import type { LocalServer } from "./local-server.ts";

/** Opens the server `local`, and makes a client of it. */
interface Opener {
  open: () => Promise<LocalServer>;
  client: (url: string, token: string | undefined) => ApiClient;
}

export interface LocalClient {
  client: ApiClient;
  /** Of the server that was first found or started. */
  started: LocalServer["started"];
  close(): Promise<void>;
}

/**
 * A client of `local` that outlives its server (docs/cli.md#your-own-server): when the process that runs it has ended,
 * the server is opened again, by the first process that needs it, and the call is repeated, as often as the next
 * process ends too. A question is not repeated here, but by `askAgain`, which calls `reopen`.
 */
export async function openLocalClient(
  { open, client: clientAt }: Opener,
  token: string | undefined,
): Promise<LocalClient> {
  let server = await open();
  let client = clientAt(server.url, token);
  const { started } = server;
  let reopening: Promise<void> | undefined;
  /** The client of the last question. */
  let asked = client;

  const reopen = async (token: string | undefined) => {
    const [oldServer, oldClient] = [server, client];
    await oldClient.close();
    await oldServer.close();
    server = await open();
    client = clientAt(server.url, token);
  };
  /** One at a time. A failure of a server that was replaced meanwhile opens no other one. */
  const replace = async (failed: ApiClient, token = failed.token) => {
    if (failed !== client) return;
    reopening ??= reopen(token).finally(() => {
      reopening = undefined;
    });
    await reopening;
  };

  /** Whether to repeat what failed at `url`: not at our own server, nor after the same one failed twice. */
  const hasLeft = (error: unknown, url: string, failedBefore: string | undefined) =>
    error instanceof ClientError &&
    isGone(error) &&
    url !== failedBefore &&
    !(url === server.url && server.started);

  /** `token`: for the next client, if the call leaves the one that failed without its token. */
  const repeated = async <T>(call: (client: ApiClient) => Promise<T>, token?: string): Promise<T> => {
    for (let failed: string | undefined; ;) {
      await reopening;
      const [used, { url }] = [client, server];
      try {
        return await call(used);
      } catch (error) {
        if (!hasLeft(error, url, failed)) throw error;
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
      usage: (days, signal) => repeated((client) => client.usage(days, signal)),
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
      isChatServer: () => client.isChatServer(),
      close: () => client.close(),
    },
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}
