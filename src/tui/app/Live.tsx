import { Box } from "ink";
import { useSyncExternalStore } from "react";
import type { Keymap } from "../composer/keymap.ts";
import { layoutEditor } from "../composer/layout.ts";
import { styles, type Display } from "../markdown/display.ts";
import { wrappedLines } from "../markdown/wrap.ts";
import { shareRows } from "./budget.ts";
import { choiceHeight, choiceLines, MOST_CHOICE_ROWS } from "./choice-lines.ts";
import { Composer } from "./Composer.tsx";
import { formPicture } from "./form-lines.ts";
import { Lines } from "./Lines.tsx";
import { LoginForm } from "./LoginForm.tsx";
import { Menu, menuHeight, type MenuItem } from "./Menu.tsx";
import { picked } from "./picker.ts";
import { pickerHint } from "./picker-hint.ts";
import type { Screen } from "./screen.ts";
import { usage } from "../../session/shown-command.ts";
import type { State } from "../../session/state.ts";
import { queueLines } from "./queue-lines.ts";
import { searchLine } from "./search-keys.ts";
import { sizeLine } from "./size-line.ts";
import { StatusLine } from "./StatusLine.tsx";
import { composerColumns, fileItems, menuItems, type ViewState } from "./view-state.ts";
import { workingLines } from "./working.ts";

interface LiveProps {
  screen: Screen;
  /** The current rows of the terminal. */
  rows: () => number;
}

function itemsOf(view: ViewState): MenuItem[] {
  const { names } = fileItems(view);
  if (names.length > 0) return names.map((name) => ({ label: name, help: "" }));
  return menuItems(view).map((command) => ({ label: usage(command), help: command.help }));
}

/** The text above the composer. */
function hintOf(
  view: ViewState,
  { form, editing }: State,
  keys: Keymap,
  rows: number,
  display: Display,
): string | undefined {
  if (view.picker !== undefined) return pickerHint(view.picker, rows, display);
  if (view.searching !== undefined) return searchLine(view.searching, keys);
  if (form?.reason !== undefined) return `${form.reason} To log in, press Enter or stop typing.`;
  return (
    view.hint ??
    (editing ? `Asks this instead of the last question; ${keys.labelOf("escape")} cancels.` : undefined)
  );
}

/** The live area: the unfinished end of the answer, the progress, the composer or the form, the status line. */
export function Live({ screen, rows }: LiveProps) {
  useSyncExternalStore(
    (listener) => screen.subscribe(listener),
    () => screen.version,
  );
  if (screen.isLeaving) return null;
  const { view, session, scribe, form, keys } = screen;
  const { server, place, state } = session;
  const display = screen.look();
  const { picker } = view;
  const items = form !== undefined || picker !== undefined ? [] : itemsOf(view);
  const choices = form !== undefined || picker === undefined ? [] : picked(picker);
  const editor = picker?.editor ?? view.editor;
  const text = form === undefined ? hintOf(view, state, keys, rows(), display) : view.hint;
  const isHelp = view.picker !== undefined || view.searching !== undefined;
  const size = text === undefined && form === undefined ? sizeLine(editor, state, display) : undefined;
  const isDim = isHelp || size?.isOver === false;
  const above = text ?? size?.text;
  const hint = above === undefined ? [] : wrappedLines(above, isDim ? styles.dim : styles.warn, display);
  const { phase, reasoning } = state;
  const stop = keys.labelOf("escape");
  const work = { phase, reasoning, lastData: session.lastData, now: screen.now(), stop };
  const working = workingLines(work, display);
  const queue = queueLines(state, display);
  const columns = composerColumns(display.columns);
  const wanted = layoutEditor(editor, columns, rows()).rows.length;
  const picture = form && formPicture(form, place, display);
  const share = shareRows(rows(), {
    form: picture?.lines.length ?? 0,
    composer: picture === undefined ? wanted : 0,
    menu: menuHeight(items.length) + Math.min(MOST_CHOICE_ROWS, choices.length * choiceHeight(display)),
    hint: hint.length,
    working: working.length,
    gap: scribe.endsBlank && scribe.tail(1).length === 0 ? 0 : 1,
    queue: queue.length,
  });
  const tail = scribe.tail(share.tail);
  const top = tail.length + share.gap + share.working + share.queue + share.hint + share.menu;
  return (
    <Box flexDirection="column">
      <Lines lines={tail} display={display} />
      {share.gap > 0 && <Lines lines={[""]} display={display} />}
      <Lines lines={working.slice(0, share.working)} display={display} />
      {share.queue > 0 && <Lines lines={queue.slice(-share.queue)} display={display} />}
      <Lines lines={hint.slice(0, share.hint)} display={display} />
      {share.menu > 0 && items.length > 0 && (
        <Menu items={items} index={view.menu.index} rows={share.menu} display={display} />
      )}
      {share.menu > 0 && picker !== undefined && (
        <Lines
          lines={choiceLines(choices, picker.index, share.menu, display, picker.top)}
          display={display}
        />
      )}
      {picture === undefined ? (
        <Composer
          layout={layoutEditor(editor, columns, share.composer)}
          display={display}
          top={top}
          isEmpty={editor.text === "" && picker === undefined}
        />
      ) : (
        <LoginForm picture={picture} display={display} top={top} />
      )}
      {share.status > 0 && <StatusLine state={state} server={server} display={display} />}
    </Box>
  );
}
