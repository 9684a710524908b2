/** @typedef {import("./list.js").Mutant} Mutant */

const session = "test/unit/session/session.test.ts";
const queue = "test/unit/session/queue.test.ts";
const saving = "test/unit/session/saving.test.ts";
const press = "test/unit/tui/app/press.test.ts";
const loading = "test/unit/tui/app/loading.test.ts";

/** A conversation, and the keys that drive it. @type {Mutant[]} */
export const sessionMutants = [
  {
    file: "src/session/same-question.ts",
    find: ' || last.outcome === "answered"',
    replace: "",
    why: "A question that is asked anew goes under the key of its first answer and is refused.",
    tests: [session],
  },
  {
    file: "src/session/asking.ts",
    find: '.charged === "maybe" ? ',
    replace: '.charged === "never" ? ',
    why: "A question that may have been charged is reported as free after its second failure.",
    tests: [session],
  },
  {
    file: "src/session/reduce.ts",
    find: "if (last?.key !== event.key) return state;",
    replace: "",
    why: "A turn that is saved late is taken for the turn of the present question.",
    tests: [session, saving],
  },
  {
    file: "src/session/reduce.ts",
    find: 'if (text === "") {',
    replace: "if (false) {",
    why: "A failed question stays in the history that goes with the next one.",
    tests: [session],
  },
  {
    file: "src/session/reduce.ts",
    find: "const { turns, leaf } = last.until ?? state;",
    replace: "const { turns, leaf } = state;",
    why: "After a /retry that failed, the answer before it no longer reaches the AI.",
    tests: ["test/unit/session/versions.test.ts"],
  },
  {
    file: "src/session/settle.ts",
    find: "cost === price)",
    replace: "true)",
    why: "What another program spent meanwhile is reported as the cost of the stopped answer.",
    tests: ["test/unit/session/settle.test.ts"],
  },
  {
    file: "src/session/settle.ts",
    find: "return balance.held === 0;",
    replace: "return true;",
    why: "A stopped answer is reported as free before its charge is through.",
    tests: [session, "test/unit/session/settle.test.ts"],
  },
  {
    file: "src/session/saving.ts",
    find: "if (found.server !== room.",
    replace: "if (false && found.server !== room.",
    why: "A conversation of one server is sent to another one.",
    tests: [session, saving],
  },
  {
    file: "src/session/kept-question.ts",
    find: "const { message: question, parent, turn: replaces, key, role } = last;",
    replace:
      "const { message: question, turn: replaces, key, role } = last, parent = replaces ?? last.parent;",
    why: "An edited question follows the one that it was made from.",
    tests: [saving],
  },
  {
    file: "src/session/same-question.ts",
    find: "if (!isSameRole(last.role, role)) return undefined;",
    replace: "",
    why: "After /role a failed question goes out with another role under the old key.",
    tests: ["test/unit/session/role.test.ts"],
  },
  {
    file: "src/session/same-question.ts",
    find: "if (last.choice?.name !== choice?.name) return undefined;",
    replace: "",
    why: "After /model a failed question is sent to the other model under the old key.",
    tests: ["test/unit/session/models.test.ts"],
  },
  {
    file: "src/client/http/api-client.ts",
    find: "else throw notOffered();",
    replace: "",
    why: "A question for one model goes to another in silence.",
    tests: ["test/cli/client/models.test.ts"],
  },
  {
    file: "src/session/repeat.ts",
    find: "if (shown.startsWith(came))",
    replace: "if (true)",
    why: "Another answer under the same key is taken for the one that was shown.",
    tests: ["test/unit/session/repeat.test.ts"],
  },
  {
    file: "src/session/sending.ts",
    find: "underWay > 0 || ",
    replace: "",
    why: "A question of the queue is sent before the price of the answer before it is printed.",
    tests: [queue],
  },
  {
    file: "src/session/queue.ts",
    find: '  "failed",\n',
    replace: "",
    why: "The queue is sent on after a failure, such as 402.",
    tests: [queue],
  },
  {
    file: "src/session/queue.ts",
    find: "event.cost > price",
    replace: "false",
    why: "The queue is sent at a price that the user has not seen.",
    tests: [queue],
  },
  {
    file: "src/session/sending.ts",
    find: "{ isQueued: true, before: turns }",
    replace: "{ isQueued: true }",
    why: "A question of the queue replaces the turn that is being edited.",
    tests: [queue],
  },
  {
    file: "src/session/lost.ts",
    find: "pending.conversation === conversation;",
    replace: "true;",
    why: "After a kill, a question replaces the last turn of another conversation.",
    tests: ["test/unit/session/lost.test.ts"],
  },
  {
    file: "src/session/asking.ts",
    find: "if (inDoubt === undefined) room",
    replace: "room",
    why: "A question that may have been charged for nothing is forgotten by a kill.",
    tests: ["test/unit/session/lost.test.ts"],
  },
  {
    file: "src/tui/app/press.ts",
    find: 'view.escaped && view.editor.text === ""',
    replace: "view.escaped",
    why: "Esc Esc on a line that is not empty throws its text away.",
    tests: [press],
  },
  {
    file: "src/tui/app/press.ts",
    find: 'if (isLoading && what !== "free")',
    replace: "if (false)",
    why: "A question is sent without the conversation that is being loaded.",
    tests: [press, loading],
  },
  {
    file: "src/tui/app/press.ts",
    find: "if (view.armed) return",
    replace: "if (true) return",
    why: "One Ctrl-C ends the session.",
    tests: [press],
  },
  {
    file: "src/tui/app/screen.ts",
    find: "if (session.state.signedIn) insert(text);",
    replace: "insert(text);",
    why: "A password that was typed before the form is drawn is shown after the login.",
    tests: ["test/unit/tui/app/run-app.test.ts"],
  },
  {
    file: "src/tui/terminal/live-stdout.ts",
    find: "if (!size.isChanging) drawNow(whole);",
    replace: "drawNow(whole);",
    why: "Lines of an answer are lost while a window is resized.",
    tests: ["test/unit/tui/terminal/live-stdout.test.tsx"],
  },
];
