/** @typedef {ReturnType<typeof import("./terminal.js").openTerminal>} Terminal */

/**
 * One picture: `play` brings the screen there.
 * @typedef {{ name: string, title: string, isNew?: boolean, columns?: number, rows?: number, args?: string[], env?: Record<string, string>, play: (terminal: Terminal) => Promise<void> }} Scene
 */

const DEBOUNCE = `A **debounce** waits until the calls have stopped for a while, then lets the last one through:

\`\`\`js
function debounce(callback, ms) {
  let timer;
  return (...args) => {
    clearTimeout(timer); // every call begins the wait anew
    timer = setTimeout(() => callback(...args), ms);
  };
}
\`\`\`

| call | when it comes | runs |
|------|---------------|------|
| 1st  | 0 ms          | no   |
| 2nd  | 80 ms         | no   |
| 3rd  | 150 ms        | at 250 ms, for \`ms = 100\` |
`;

const ROME = `## Three days in Rome

Begin with what is *old*, and walk as much as you can. See [the timetable](https://www.atac.roma.it) for the rest.

1. **Forum and Colosseum**, early in the morning
2. The Pantheon, then *gelato* at Giolitti
   - closed on Mondays: \`Palazzo Altemps\`
3. Trastevere for dinner

> When in Rome, do as the Romans do.

### What to take

- [x] good shoes
- [ ] a bottle for the fountains
`;

const THOUGHT =
  "The user wants a proof that is short. Euclid's argument is the usual one: suppose that there are only finitely many primes, multiply them all and add one. ";
const PROOF = `Suppose that there are only finitely many primes, $p_1, \\dots, p_n$.

Then $p_1 \\cdots p_n + 1$ has a prime factor that is not among them, so`;

/**
 * What the AI does with each question of the scenes.
 * @type {Record<string, import("./upstream.js").Reply>}
 */
export const replies = {
  "How do I write a debounce in JavaScript?": { says: DEBOUNCE },
  "Three days in Rome: what should I see?\nI like old stones, and I walk a lot.": { says: ROME },
  "Why is the sky blue?": { hangs: true },
  "Prove that there are infinitely many primes.": { thinks: THOUGHT, hangs: true },
  "Are there infinitely many primes?": { says: PROOF, hangs: true },
};

const ask = (/** @type {string} */ question) => `${question.replaceAll("\n", "\u001b\r")}\r`;
const [debounce = "", rome = "", sky = "", prove = "", primes = ""] = Object.keys(replies).map(ask);

/** Model and balance are known; what is typed before the composer is there is shown by the shell. @param {Terminal} terminal */
async function isReady(terminal) {
  await terminal.shows("Ask, or type");
  await terminal.shows(" tokens\n");
}

/** @param {Terminal} terminal */
async function register(terminal) {
  await terminal.shows("I'm new");
  await terminal.type("\r", "Username");
  await terminal.type("jane\r", "Password");
  await terminal.type("correct horse\r", "once more");
  await terminal.type("correct horse\r", "Welcome, jane");
}

/** @type {Scene} The picture of README.md. */
export const session = {
  name: "session",
  title: "A session of ai-chat in a terminal",
  isNew: true,
  rows: 34,
  async play(terminal) {
    await register(terminal);
    await terminal.type(debounce, "39 questions");
    await terminal.type("And a throttle?", "And a throttle?");
  },
};

/** The second one logs in; those after it go on with its login and its conversations. @type {readonly Scene[]} */
export const scenes = [
  {
    name: "form",
    title: "Registering",
    isNew: true,
    play: (terminal) => terminal.shows("I'm new"),
  },
  session,
  { name: "start", title: "The start", play: (terminal) => terminal.shows("39 questions") },
  {
    name: "answer",
    title: "An answer with headings, lists and a link",
    rows: 34,
    async play(terminal) {
      await isReady(terminal);
      await terminal.type(rome, "38 questions");
    },
  },
  {
    name: "resumed",
    title: "A conversation that goes on",
    args: ["-c"],
    rows: 34,
    play: (terminal) => terminal.shows("Going on with"),
  },
  {
    name: "waiting",
    title: "Waiting for the AI",
    async play(terminal) {
      await isReady(terminal);
      await terminal.type(sky, "waiting");
    },
  },
  {
    name: "thinking",
    title: "The AI thinks",
    async play(terminal) {
      await isReady(terminal);
      await terminal.type(prove, "add one.");
    },
  },
  {
    name: "answering",
    title: "The AI answers",
    async play(terminal) {
      await isReady(terminal);
      await terminal.type(primes, "them, so");
    },
  },
  {
    name: "menu",
    title: "The menu of commands",
    async play(terminal) {
      await isReady(terminal);
      await terminal.type("/", "/help");
      await terminal.type("\u001b[B\u001b[B", "> /resume");
    },
  },
  {
    name: "picker",
    title: "The list of conversations",
    async play(terminal) {
      await isReady(terminal);
      await terminal.type("/resume\r", "Type to filter");
    },
  },
  {
    name: "402",
    title: "Not enough tokens",
    env: { AI_CHAT_PRICE: "5000" },
    async play(terminal) {
      await isReady(terminal);
      await terminal.type(sky, "Not enough tokens");
    },
  },
  {
    name: "narrow",
    title: "On 50 columns",
    columns: 50,
    rows: 34,
    async play(terminal) {
      await isReady(terminal);
      await terminal.type(rome, "100 tokens");
      await terminal.type("/", "/help");
    },
  },
];
