/** @typedef {import("./list.js").Mutant} Mutant */

const context = "test/unit/server/core/prompt.test.ts";
const limits = "test/http/limits.test.ts";
const images = "test/http/images.test.ts";
const ollama = "test/http/providers/ollama.test.ts";
const session = "test/unit/session/limits.test.ts";
const client = "test/cli/client/limits.test.ts";
const press = "test/unit/tui/app/press.test.ts";

/** What of a conversation reaches the AI, and whether its answer is whole. @type {Mutant[]} */
export const limitMutants = [
  {
    file: "src/protocol/chat-limits.ts",
    find: "if (room < 0) break;",
    replace: "if (room < -Infinity) break;",
    why: "All of a long conversation is sent, and an Ollama cuts it without a word.",
    tests: [context],
  },
  {
    file: "src/protocol/chat-limits.ts",
    find: 'history[first]!.role !== "user"',
    replace: "false",
    why: "A conversation that was cut begins with an answer, which some models refuse.",
    tests: [context],
  },
  {
    file: "src/protocol/chat-limits.ts",
    find: "if (units <= context) return 0;",
    replace: "if (units < 2 * context) return 0;",
    why: "A conversation that is a little too long counts as one that fits.",
    tests: [context],
  },
  {
    file: "src/server/core/ask-model.ts",
    find: "onFinish: (reason) => (finish = reason)",
    replace: "onFinish: () => {}",
    why: "An answer that the model's limit cut looks whole.",
    tests: [limits],
  },
  {
    file: "src/server/core/questions.ts",
    find: "await learnModel(model, signal);",
    replace: "",
    why: "An Ollama that was late cuts its first question without a word.",
    tests: [ollama],
  },
  {
    file: "src/server/core/prompt.ts",
    find: "found && !faultOf(prompt, found)",
    replace: "found",
    why: "A fallback is asked that cannot read the whole question, and is paid for.",
    tests: [limits],
  },
  {
    file: "src/server/http/chat.ts",
    find: "checkLength(prompt, asked);",
    replace: "",
    why: "A question that the model cannot read as a whole is asked and charged.",
    tests: [limits],
  },
  {
    file: "src/server/http/chat.ts",
    find: "Object.assign(head, answer);",
    replace: "head.model = answer.model;",
    why: "A replay does not say that its answer is cut.",
    tests: [limits],
  },
  {
    file: "src/server/open-models.ts",
    find: "checkLimits(model, opened.isEarly ? undefined : opened.contextChars);",
    replace: "",
    why: "A question may be longer than its model reads.",
    tests: [ollama],
  },
  {
    file: "src/server/providers/ollama.ts",
    find: "Math.min(set === undefined ? usual : Number(set), most > 0 ? most : Infinity)",
    replace: "most",
    why: "More is sent than an Ollama reads, which cuts it without a word.",
    tests: [ollama],
  },
  {
    file: "src/server/providers/receive-answer.ts",
    find: "if (finish) onFinish?.(finish);",
    replace: "",
    why: "Nobody learns that an answer is cut.",
    tests: [limits],
  },
  {
    file: "src/session/outgoing.ts",
    find: "if (last?.key === key) return last;",
    replace: "",
    why: "A question that may have been charged is sent again with another history: its key is refused, and its answer lost.",
    tests: [session],
  },
  {
    file: "src/session/asking.ts",
    find: "if (turns === 0 || toldForgotten) return;",
    replace: "return;",
    why: "A conversation forgets its beginning in silence.",
    tests: [session],
  },
  {
    file: "src/session/asking.ts",
    find: "const cut = cutWords(done.finish);",
    replace: "const cut = cutWords(undefined);",
    why: "A cut answer looks whole.",
    tests: [session],
  },
  {
    file: "src/session/kept-question.ts",
    find: "const finish = done?.finish;",
    replace: "const finish = undefined;",
    why: "A cut answer looks whole when its conversation is shown again.",
    tests: [session],
  },
  {
    file: "src/session/context.ts",
    find: "Math.ceil((entries - sent) / 2)",
    replace: "Math.floor((entries - sent - 1) / 2)",
    why: "The first turn that is forgotten is not told.",
    tests: [session],
  },
  {
    file: "src/tui/app/view-state.ts",
    find: "marked.find((one) => sentText(one).trim() === text.trim())",
    replace: "marked[0]",
    why: "In place of the question that failed another one comes back.",
    tests: [press],
  },
  {
    file: "src/client/http/api-client.ts",
    find: "status === 413 ||\n  LIMITED.some((name) => isAbout(name, fields)) ||",
    replace: "",
    why: "A question that the server takes by now is refused for a day.",
    tests: [client],
  },
  {
    file: "src/server/core/prompt.ts",
    find: "contextChars - codePoints(instructions)",
    replace: "contextChars",
    why: "With instructions the AI gets more than it reads, and cuts it without a word.",
    tests: ["test/unit/server/core/prompt.test.ts"],
  },
  {
    file: "src/server/core/prompt.ts",
    find: "[media_type, sha256(data)]",
    replace: "[media_type]",
    why: "A key is good for any image: another one gets its answer.",
    tests: ["test/unit/server/core/prompt.test.ts"],
  },
  {
    file: "src/server/core/prompt.ts",
    find: "images !== undefined && !model.images",
    replace: "false",
    why: "A model that takes no images is asked with some.",
    tests: [images],
  },
  {
    file: "src/server/core/ask-model.ts",
    find: "if (!isCompletion(prompt)) dropImages(prompt);",
    replace: "",
    why: "Images stay in memory while their answer is streamed.",
    tests: ["test/unit/server/core/ask-model.test.ts"],
  },
  {
    file: "src/server/http/chat-body.ts",
    find: "hasToken ? IMAGES.body : {",
    replace: "true ? IMAGES.body : {",
    why: "Strangers may send 28 MiB at a time.",
    tests: [images],
  },
  {
    file: "src/server/http/chat-body.ts",
    find: "bytes.length > limit && isBeyond(bytes, limit)",
    replace: "false",
    why: "Millions of small values in the room for images stop the server.",
    tests: [images],
  },
  {
    file: "src/server/providers/messages.ts",
    find: 'isOf(run.replaceAll("\\\\", "")) ? "[image]" : run',
    replace: "run",
    why: "What an AI repeats of an image is in the log.",
    tests: [images],
  },
  {
    file: "src/client/http/api-client.ts",
    find: "if (images.length > 0) await assertImages(signal);",
    replace: "",
    why: "A server that knows no images answers another question, and takes its price.",
    tests: ["test/cli/client/models.test.ts"],
  },
];
