import { ClientError } from "../client/failure.ts";
import { troubleLines } from "./failure.ts";
import type { Place, Room, SessionOptions } from "./room.ts";
import { firstState, reduce, type Event, type State } from "./state.ts";

/** A room, and what only its owner may do with it. */
interface OwnRoom {
  room: Room;
  /** Called after each change of the state; returns the way to stop it. */
  subscribe: (listener: () => void) => () => void;
  /** Changes the server: another login, a new conversation. False, and nothing changed, where there is no way there. */
  moveTo: (typed: string) => Promise<boolean>;
}

/** Makes what the parts of a session share: its state, and the server that it is on. */
export function createRoom(options: SessionOptions): OwnRoom {
  let place: Place = options;
  let state: State = firstState(options.entry);
  const listeners = new Set<() => void>();

  const dispatch = (event: Event) => {
    state = reduce(state, event);
    for (const listener of listeners) listener();
  };

  const room: Room = {
    ...options,
    get server() {
      return place.server;
    },
    get local() {
      return place.local;
    },
    get client() {
      return place.client;
    },
    get keptAs() {
      return place.local ? "local" : place.client.server;
    },
    get isBorrowed() {
      return place.entry?.isBorrowed === true;
    },
    saveLogin(entry) {
      place = { ...place, entry };
      return place.saveLogin(entry);
    },
    forgetLogin: () => place.forgetLogin(place.entry?.token),
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
    async moveTo(typed) {
      if (options.connectTo === undefined) {
        room.note("dim", "The server can't be changed here.");
        return false;
      }
      try {
        place = await options.connectTo(typed);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        room.note("error", ...troubleLines(error));
        return false;
      }
      dispatch({ type: "moved", entry: place.entry });
      room.note("dim", `Now on ${place.server}, in a new conversation.`);
      return true;
    },
  };
}
