import { ClientError } from "../client/failure.ts";
import type { Kept } from "../client/kept/kept-file.ts";
import { troubleLines } from "./failure.ts";
import { placeName, saveLogin, shownName } from "./connection.ts";
import { createImages } from "./images.ts";
import type { Room, SessionOptions } from "./room.ts";
import { stoppedQueue } from "./queue.ts";
import { reduce } from "./reduce.ts";
import type { Event } from "./event.ts";
import { firstState, type State } from "./state.ts";

/** A room, and what only its owner may do with it. */
export interface OwnRoom {
  room: Room;
  /** Called after each change of the state; returns what unsubscribes. */
  subscribe: (listener: () => void) => () => void;
  /**
   * Changes the server: another login, a new conversation. Returns what leads back to the one before and its
   * conversation; undefined, and nothing changed, if it can't connect. `toResume`: a saved conversation is opened next.
   */
  changeServer: (typed: string, toResume: boolean) => Promise<(() => void) | undefined>;
}

/** Creates what the parts of a session share: its state, and its server. */
export function createRoom(options: SessionOptions): OwnRoom {
  let { connection } = options;
  let isBorrowed = connection.token?.from === "environment";
  const queue = stoppedQueue(options.unsent ?? []);
  let state: State = { ...firstState(connection.token, connection.model, options.role?.role), queue };
  const listeners = new Set<() => void>();

  const dispatch = (event: Event) => {
    state = reduce(state, event);
    for (const listener of listeners) listener();
  };

  const tell = (result: Kept) => {
    if (!result.kept) options.onLoginProblem?.(result.why);
  };

  const room: Room = {
    ...options,
    images: createImages(options.images),
    get connection() {
      return connection;
    },
    get server() {
      return shownName(connection.name);
    },
    get place() {
      return placeName(connection.name);
    },
    get name() {
      return connection.name;
    },
    get local() {
      return connection.name === "local";
    },
    get client() {
      return connection.client;
    },
    get isBorrowed() {
      return isBorrowed;
    },
    async saveLogin(login) {
      isBorrowed = false;
      tell(await saveLogin(connection, login));
    },
    async forgetLogin() {
      const { name, client, credentials } = connection;
      if (client.token !== undefined) tell(await credentials.remove(name, client.token));
    },
    wallClock: options.wallClock ?? options.now,
    state: () => state,
    dispatch,
    note: (tone, ...lines) => options.say({ type: "note", tone, lines }),
  };

  return {
    room,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async changeServer(typed, toResume) {
      if (options.connectTo === undefined) {
        room.note("dim", "The server can't be changed here.");
        return undefined;
      }
      const before = { connection, isBorrowed, state };
      try {
        connection = await options.connectTo(typed);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        room.note("error", ...troubleLines(error));
        return undefined;
      }
      isBorrowed = connection.token?.from === "environment";
      dispatch({ type: "moved", login: connection.token, usual: connection.model });
      room.note("dim", `Now at ${room.place}${toResume ? "" : ", in a new conversation"}.`);
      return () => {
        ({ connection, isBorrowed } = before);
        dispatch({ type: "movedBack", state: before.state });
        room.note("dim", `Back at ${room.place}.`);
      };
    },
  };
}
