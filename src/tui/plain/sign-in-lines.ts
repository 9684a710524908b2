import type { Session } from "../../session/session.ts";
import type { LineReader } from "./line-reader.ts";
import type { Paper } from "./paper.ts";

const QUESTIONS = {
  choose: "> ",
  invite: "Code of your invitation: ",
  username: "Username: ",
  password: "Password: ",
  repeat: "Once more: ",
};

/** Goes through the form line by line; false at the end of the input. An empty line goes a step back. */
export async function signInByLines(session: Session, lines: LineReader, paper: Paper): Promise<boolean> {
  let printed: string | undefined;
  for (;;) {
    await session.idle();
    const { form } = session.state;
    if (form === undefined) return true;
    // An error belongs to the last line and is printed each time; the reason is printed once.
    if (form.error !== undefined) paper.line(form.error);
    else if (form.reason !== undefined && form.reason !== printed) paper.line(form.reason);
    printed = form.reason;
    if (form.step === "choose") paper.line("Type r to register, l to log in.");
    const hidden = form.step === "password" || form.step === "repeat";
    const ask = ({ isDropped }: { isDropped: boolean }) => {
      if (isDropped) paper.line("What was typed before is dropped.");
      paper.prompt(QUESTIONS[form.step]);
    };
    const line = await lines.answer(ask, { hidden });
    if (hidden) paper.prompt("\n");
    if (line === undefined) return false;
    if (line === "") session.form({ type: "back" });
    else {
      session.form({ type: "clear" });
      session.form({ type: "insert", text: line });
      if (form.step !== "choose") session.form({ type: "enter" });
    }
  }
}
