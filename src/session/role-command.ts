import type { SessionCommand } from "./command.ts";

/** `/role [NAME]`. */
export const roleCommand: SessionCommand = {
  name: "role",
  argument: "[NAME]",
  help: "choose instructions for every answer; none, edit NAME; without NAME from a list",
  async run(session, typed, ui) {
    const { role } = session.state;
    const [word, name = role?.name, ...more] = typed.split(" ");
    if (word === "edit" && more.length === 0) {
      const { editFile } = ui;
      if (name === undefined) return session.note("dim", "/role edit takes the name of a role.");
      if (editFile === undefined) return session.note("dim", "An editor needs a terminal.");
      return session.roles.edit(name, editFile);
    }
    if (typed !== "") return session.roles.choose(typed);
    session.note("info", role === undefined ? "No role." : `The role of this conversation: ${role.name}.`);
    const choices = await session.roles.choices();
    if (choices !== undefined) ui.chooseRole(choices);
  },
};
