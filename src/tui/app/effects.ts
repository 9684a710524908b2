import { copyCommand } from "../../session/copy-command.ts";
import { fullText } from "../composer/editor-state.ts";
import { defaultKeymap } from "../composer/keymap.ts";
import type { Edited } from "../options.ts";
import { takeEdited } from "./edited.ts";
import { leaveHint, type Effect } from "./press.ts";
import type { SenderOptions } from "./sender.ts";
import type { ViewState } from "./view-state.ts";

/** Milliseconds in which a second Ctrl-C leaves. */
const ARMED_MS = 1_500;

export interface EffectOptions extends Pick<SenderOptions, "session" | "run" | "crash" | "keys"> {
  /** Ctrl-G: opens the text in an editor. */
  editText: (text: string) => Edited;
  redraw: () => void;
  suspend: () => void;
  leave: () => void;
}

interface OwnEffects {
  send: (text: string, literal: boolean) => void;
  pasteImage: () => void;
  /** Changes the view; what is drawn follows after the key. */
  change: (edit: (view: ViewState) => ViewState) => void;
  /** Draws a change that no key made. */
  changed: () => void;
}

/** Does what keys start. */
export function createEffects(
  { session, run, crash, keys = defaultKeymap, ...options }: EffectOptions,
  { send, pasteImage, change, changed }: OwnEffects,
) {
  let armed: NodeJS.Timeout | undefined;

  const disarm = () => {
    change((view) => ({ ...view, armed: false, hint: undefined }));
    changed();
  };

  return {
    perform(effect: Effect): void {
      clearTimeout(armed);
      switch (effect.kind) {
        case "none":
          return;
        case "send":
          return send(effect.text, effect.literal);
        case "stop":
          return session.stop();
        case "leave":
          return options.leave();
        case "redraw":
          return options.redraw();
        case "suspend":
          return options.suspend();
        case "pasteImage":
          return pasteImage();
        case "openEditor":
          return change((view) => takeEdited(view, options.editText(fullText(view.editor))));
        case "resume":
          session.saver.resume(effect.id).catch(crash);
          return;
        case "chooseVersion":
          session.versions.choose(effect.id).catch(crash);
          return;
        case "copy":
          run(copyCommand, effect.id, false).catch(crash);
          return;
        case "chooseRole":
          session.roles.choose(effect.name).catch(crash);
          return;
        case "chooseModel":
          session.models.choose(effect.name).catch(crash);
          return;
        case "escape":
          return session.stopEditing();
        case "editLast":
          return session.edit();
        case "takeBack":
          return session.takeBack();
        case "sendQueue":
          return session.sendQueue();
        case "arm": {
          const hint = leaveHint(session.state.form !== undefined ? defaultKeymap : keys);
          change((view) => ({ ...view, armed: true, hint }));
          armed = setTimeout(disarm, ARMED_MS);
        }
      }
    },
    close: () => clearTimeout(armed),
  };
}
