import type { Account } from "./account.ts";
import { isNamed } from "./connection.ts";
import type { OwnRoom } from "./create-room.ts";
import { chooseForm } from "./form.ts";
import type { Room } from "./room.ts";
import type { Saver } from "./saving.ts";
import { isAnswering, resumable, type State } from "./state.ts";

interface MovingOptions {
  changeServer: OwnRoom["changeServer"];
  account: Pick<Account, "learnOffer" | "learnAnew" | "greet">;
  saver: Pick<Saver, "resume" | "serverOf">;
  /** Runs work that must end before a question is sent. */
  load: (work: () => Promise<boolean>) => Promise<boolean>;
}

/** Moves a session to another server, by its address or with a conversation that is saved there. */
export function createMoving(room: Room, { changeServer, account, saver, load }: MovingOptions) {
  const { dispatch, note, state } = room;
  /** Leads back to the server before, while the form of `/server` is open. */
  let former: (() => void) | undefined;

  const savedId = () => (room.saving?.save === true ? resumable(state()) : undefined);

  /** Changes the server, and says how to come back. Returns what leads back. */
  const leaveFor = async (typed: string, toResume: boolean): Promise<(() => void) | undefined> => {
    const { place } = room;
    const left = savedId();
    const back = await changeServer(typed, toResume);
    if (back !== undefined && left !== undefined)
      note("dim", `To go on with the last one, at ${place}: ${room.commandName} -r ${left}`);
    return back;
  };

  const settleIn = async (canLeave: boolean) => {
    const { signedIn } = state();
    if (!signedIn) dispatch({ type: "form", form: chooseForm(canLeave) });
    await Promise.all([account.learnOffer(), ...(signedIn ? [account.greet()] : [])]);
    // What was learned hours ago must not keep anybody from registering.
    if (!signedIn && isRestricted(state())) await account.learnAnew();
  };

  return {
    savedId,
    /** Learns what the server offers, and opens the form if nobody is logged in. `canLeave`: the form. */
    settleIn,
    /** Stays at the server to which `moveTo` led. */
    stay: () => void (former = undefined),
    /** Back to the server before `moveTo`, unless the session stays. */
    goBack() {
      former?.();
      former = undefined;
    },
    /** See `Session`. */
    async moveTo(typed: string): Promise<void> {
      if (isNamed(room.name, typed)) return note("dim", `This is ${room.place} already.`);
      let back: (() => void) | undefined;
      await load(async () => (back = await leaveFor(typed, false)) !== undefined);
      if (back === undefined) return;
      former = back;
      await settleIn(true);
      if (state().form === undefined) former = undefined;
    },
    /** Resumes a conversation, at its own server if the options allow that. Resolves to whether it is loaded. */
    async resume(id: string): Promise<boolean> {
      if (isAnswering(state().phase)) {
        note("dim", `A conversation can be opened when the answer is complete; ${room.stopKey} stops it.`);
        return false;
      }
      if (room.saving?.everywhere !== true) return load(() => saver.resume(id));
      let isMoved = false;
      const isResumed = await load(async () => {
        const server = await saver.serverOf(id);
        if (server === undefined) return false;
        if (server !== room.name && !(isMoved = (await leaveFor(server, true)) !== undefined)) return false;
        return load(() => saver.resume(id));
      });
      if (isMoved) await settleIn(true);
      return isResumed;
    },
  };
}

const isRestricted = ({ registration }: Pick<State, "registration">) =>
  registration === "invite" || registration === "closed";
