import { ClientError } from "../../../client/failure.ts";
import { repeatable } from "../../../text/repeatable.ts";
import type { Call } from "../../argv/call.ts";
import { optionNamed, type OptionName } from "../../argv/options.ts";

interface Action {
  /** Its words, as the usage names them. */
  words: readonly string[];
  /** The options that only some actions have. */
  options: readonly OptionName[];
  /** Resolves to the exit code; nothing is 0. */
  load: () => Promise<(call: Call, words: readonly string[]) => Promise<number | void>>;
}

const ofActs: readonly OptionName[] = ["reason", "by"];
const ofLosses: readonly OptionName[] = [...ofActs, "yes"];

/** One row an action; its code is loaded when it runs. */
const actions = new Map<string, Action>([
  [
    "list",
    {
      words: [],
      options: ["search", "sort", "limit"],
      load: async () => (await import("./list.ts")).list,
    },
  ],
  ["show", { words: ["NAME"], options: [], load: async () => (await import("./show.ts")).show }],
  [
    "disable",
    { words: ["NAME"], options: ofLosses, load: async () => (await import("./disable.ts")).disable },
  ],
  ["enable", { words: ["NAME"], options: ofActs, load: async () => (await import("./disable.ts")).enable }],
  [
    "password",
    {
      words: ["NAME"],
      options: [...ofLosses, "passwordStdin", "bcryptCost"],
      load: async () => (await import("./password.ts")).password,
    },
  ],
  [
    "rename",
    { words: ["OLD", "NEW"], options: ofLosses, load: async () => (await import("./rename.ts")).rename },
  ],
  ["delete", { words: ["NAME"], options: ofLosses, load: async () => (await import("./delete.ts")).remove }],
]);

const wrong = ({ program }: Call, message: string) =>
  new ClientError("usage", message, { hint: `See: ${program.name} accounts --help` });

/** Every option that not all actions have. */
const ofSome = new Set([...actions.values()].flatMap(({ options }) => options));

/** `accounts`: what an operator sees of accounts and does to them (docs/accounts.md#accounts). */
export async function accounts(call: Call): Promise<number | void> {
  const [word = "", ...words] = call.words;
  const action = actions.get(word);
  if (!action) {
    const given =
      word === "" ? "needs" : `does not know ${JSON.stringify(repeatable(word).slice(0, 80))}; it takes`;
    throw wrong(call, `accounts ${given} one of: ${[...actions.keys()].join(", ")}.`);
  }
  if (words.length !== action.words.length) {
    const few = words.length < action.words.length ? "There is a word missing" : "There are too many words";
    throw wrong(call, `${few}. It is: accounts ${[word, ...action.words].join(" ")}`);
  }
  const foreign = [...ofSome].find((name) => !action.options.includes(name) && call.sources[name] === "flag");
  if (foreign !== undefined)
    throw wrong(call, `accounts ${word} has no option --${optionNamed(foreign).flag}.`);
  return (await action.load())(call, words);
}
