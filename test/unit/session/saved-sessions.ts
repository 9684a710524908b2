import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientError } from "../../../src/client/failure.ts";
import { openConversations } from "../../../src/client/conversations/conversations.ts";
import type { Extension } from "../../../src/protocol/routes.ts";
import type { SessionOptions } from "../../../src/session/room.ts";
import type { Beginning } from "../../../src/session/saved.ts";
import { connectionTo, createFakeClient, type FakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

/** Sessions without a screen that save in a folder of their own. */
export async function createSavedSessions() {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
  let clock = 0;
  const conversations = () => openConversations({ dir, now: () => (clock += 1000) });

  function open({
    beginning,
    save = true,
    username = "jane",
    signedIn = true,
    everywhere = false,
    makeDefault,
    onPending,
    pending,
    client: given,
    more,
    extensions,
  }: {
    beginning?: Beginning;
    save?: boolean;
    username?: string;
    signedIn?: boolean;
    everywhere?: boolean;
    makeDefault?: () => Promise<string | undefined>;
    onPending?: SessionOptions["onPending"];
    pending?: SessionOptions["pending"];
    client?: FakeClient;
    more?: Partial<SessionOptions>;
    extensions?: string[];
  } = {}) {
    const client =
      given ?? createFakeClient(extensions === undefined ? {} : { extensions: extensions as Extension[] });
    const other = { ...createFakeClient({ token: false }), server: "http://127.0.0.1:9999" };
    const crashes: unknown[] = [];
    const opened = openSession({
      connection: { ...connectionTo(client, signedIn ? username : undefined), makeDefault },
      stopKey: "F5",
      crash: (error) => crashes.push(error),
      now: () => clock,
      sleep: async () => undefined,
      saving: {
        conversations: conversations(),
        save,
        everywhere,
        showCommand: "ai-chat conversations show",
      },
      beginning,
      onPending,
      pending,
      ...more,
      connectTo: async (server) => {
        if (server !== "other" && server !== other.server)
          throw new ClientError("unreachable", "Nobody is there.");
        return connectionTo(other, undefined, { name: other.server });
      },
    });
    const idOf = () => opened.session.state.conversation ?? "";
    return { ...opened, client, other, crashes, idOf };
  }

  return { dir, conversations, open, remove: () => rm(dir, { recursive: true, force: true }) };
}
