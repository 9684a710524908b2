import { Box } from "ink";
import { layoutEditor } from "../composer/layout.ts";
import { paint, styles } from "../markdown/look.ts";
import { shareRows } from "./budget.ts";
import { Composer } from "./Composer.tsx";
import { formPicture } from "./form-lines.ts";
import { Lines } from "./Lines.tsx";
import { LoginForm } from "./LoginForm.tsx";
import { Menu } from "./Menu.tsx";
import { composerColumns, type Screen } from "./screen.ts";
import { StatusLine } from "./StatusLine.tsx";
import { useScreen } from "./use-screen.ts";
import { menuItems } from "./view-state.ts";
import { workingLine } from "./working.ts";

interface LiveProps {
  screen: Screen;
  server: string;
  /** The terminal's rows now. */
  rows: () => number;
}

/** The live area: the unfinished end of the answer, what is under way, the composer or the form, the status line. */
export function Live({ screen, server, rows }: LiveProps) {
  useScreen(screen);
  if (screen.isLeaving) return null;
  const { view, session, scribe } = screen;
  const { state } = session;
  const look = screen.look();
  const { form } = state;
  const items = form === undefined ? menuItems(view) : [];
  const working = workingLine(state.phase, session.lastData, screen.now(), look);
  const columns = composerColumns(look.columns);
  const wanted = layoutEditor(view.editor, columns, rows()).rows.length;
  const share = shareRows(rows(), {
    form: form === undefined ? 0 : formPicture(form, server, look).lines.length,
    composer: form === undefined ? wanted : 0,
    menu: items.length,
    hint: view.hint === undefined ? 0 : 1,
    working: working === undefined ? 0 : 1,
  });
  const tail = scribe.tail(share.tail);
  const top = tail.length + share.gap + share.working + share.hint + share.menu;
  return (
    <Box flexDirection="column">
      <Lines lines={tail} look={look} />
      {share.gap > 0 && <Lines lines={[""]} look={look} />}
      {share.working > 0 && <Lines lines={[working ?? ""]} look={look} />}
      {share.hint > 0 && <Lines lines={[paint(view.hint ?? "", styles.yellow, look)]} look={look} />}
      {share.menu > 0 && <Menu items={items} index={view.menu.index} rows={share.menu} look={look} />}
      {form === undefined ? (
        <Composer
          layout={layoutEditor(view.editor, columns, share.composer)}
          look={look}
          top={top}
          isEmpty={view.editor.text === ""}
        />
      ) : (
        <LoginForm form={form} server={server} look={look} top={top} />
      )}
      {share.status > 0 && <StatusLine state={state} server={server} look={look} />}
    </Box>
  );
}
