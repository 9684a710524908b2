import type { SessionCommand } from "./command.ts";

/** `/export FILE`. */
export const exportCommand: SessionCommand = {
  name: "export",
  argument: "FILE",
  help: "write this conversation as Markdown into a file",
  asks(_, name, { files }) {
    const path = name === "" ? undefined : files?.existing(name);
    return path === undefined ? undefined : `${path} exists, and this replaces it.`;
  },
  async run(session, name, { files }, isAgreed = false) {
    if (name === "") return session.note("dim", "/export takes the name of a file: /export rome.md");
    if (files === undefined) return session.note("dim", "Files can't be written here.");
    const text = await session.saver.markdown();
    if (text === undefined) return;
    const outcome = await files.write(name, text, isAgreed);
    if (outcome.kind === "written") return session.note("dim", `Exported to ${outcome.path}`);
    const { path } = outcome;
    if (outcome.kind === "exists") return session.note("warn", `${path} exists: nothing was written.`);
    session.note("error", `${path} can't be written: ${outcome.why}`);
  },
};
