import { expect, test } from "vitest";
import { commands } from "../../../../src/cli/argv/commands.ts";
import { candidates, type Known } from "../../../../src/cli/commands/completion/candidates.ts";
import { commandHelp, topics } from "../../../../src/cli/help/help.ts";
import { manPage } from "../../../../scripts/man-page.ts";
import { everywhere, optionNamed, options, type OptionName } from "../../../../src/cli/argv/options.ts";
import { forCommand, parseArgv } from "../../../../src/cli/argv/parse-argv.ts";
import { resolve, type Given } from "../../../../src/cli/argv/resolve.ts";
import { plain } from "../../../../scripts/roff.ts";

/** Three texts that each option takes, told apart; what a switch can say is one thing. */
const samples: Partial<Record<OptionName, [string, string, string]>> = {
  server: ["https://a.example", "https://b.example", "https://c.example"],
  timeout: ["1", "2", "3"],
  days: ["1", "2", "3"],
  format: ["json", "md", "json"],
  usageBy: ["key", "model", "key"],
  provider: ["demo", "openai", "demo"],
  log: ["json", "silent", "pretty"],
  logLevel: ["debug", "warn", "error"],
  storeConnections: ["2", "3", "4"],
  store: ["postgres://a/d", "postgres://b/d", "postgres://c/d"],
  baseUrl: ["http://a/v1", "http://b/v1", "http://c/v1"],
  port: ["1", "2", "3"],
  metrics: ["1", "h:2", "[::1]:3"],
  price: ["1", "2", "3"],
  startingTokens: ["1", "2", "3"],
  refill: ["1/day", "2/week", "3/month"],
  refillCap: ["1", "none", "3"],
  registration: ["invite", "closed", "open"],
  inviteTokens: ["1", "2", "3"],
  uses: ["1", "2", "3"],
  expires: ["1m", "2h", "3d"],
  keyLimit: ["1/day", "2/week", "3/month"],
  keyExpires: ["1m", "2h", "3d"],
  count: ["1", "2", "3"],
  sort: ["balance", "used", "last"],
  limit: ["1", "2", "3"],
  since: ["2026-11-26", "2026-11-27", "2026-11-28T14:30Z"],
  until: ["2026-11-26", "2026-11-27", "2026-11-28T14:30Z"],
  reportDays: ["1", "2", "3"],
  groupBy: ["account", "model", "day"],
  questionTimeout: ["1", "2", "3"],
  idleTimeout: ["1", "2", "3"],
  drainTimeout: ["1", "2", "3"],
  limitRegister: ["1/1s", "2/1s", "off"],
  limitQuestions: ["1/1s", "2/1s", "3/1s"],
  maxInFlight: ["1", "2", "3"],
  maxQuestions: ["1", "2", "3"],
  drainDelay: ["1", "2", "3"],
  keepAlive: ["1", "2", "3"],
  maxBuffered: ["1M", "1048577", "2g"],
  maxBody: ["1M", "1048577", "2m"],
  contextChars: ["1", "2", "3"],
  messageChars: ["1", "2", "3"],
  tokenDays: ["1", "2", "3"],
  bcryptCost: ["4", "5", "6"],
  limitLogin: ["1/1m", "2/1h", "off"],
  limitLoginAddress: ["1/1m", "2/1h", "off"],
  limitLoginStrangers: ["1/1m", "2/1h", "off"],
  trustProxy: ["1", "10.0.0.0/8", "192.0.2.1, ::ffff:10.0.0.0/104"],
  corsOrigin: ["http://a", "http://b, app://c", "http://d"],
  maxConnections: ["1", "2", "3"],
  headers: ['{"a":"1"}', '{"b":"2"}', '{"c":"3"}'],
  theme: ["dark", "light", "none"],
  notify: ["auto", "bell", "off"],
  jwtSecret: ["a".repeat(32), "b".repeat(32), "c".repeat(32)],
};
const samplesOf = (name: OptionName): [string, string, string] => {
  const { value, choices } = optionNamed(name);
  const isSwitch = value === undefined && choices !== undefined;
  return samples[name] ?? (isSwitch ? ["true", "false", "true"] : ["one", "two", "three"]);
};

const names = Object.keys(options) as OptionName[];
const takers = (name: OptionName) =>
  [...commands].filter(([, spec]) =>
    [...spec.options, ...(spec.common ?? everywhere), ...spec.secrets].includes(name),
  );
const nobody: Known = {
  conversations: async () => [],
  servers: async () => [],
  models: async () => [],
  keys: async () => [],
  roles: async () => [],
};
const page = manPage({ version: "1", date: "2026-11-22" });
const words = (text: string) => text.replaceAll(/\s+/g, " ");

test("each option is taken by a command", () => {
  expect(names.filter((name) => takers(name).length === 0)).toEqual([]);
});

const flagged = names.filter((name) => optionNamed(name).flag !== undefined);
test("each flag is read from argv, by its short name too", () => {
  for (const name of flagged) {
    const { flag, short, value } = optionNamed(name);
    const [text] = samplesOf(name);
    const typed = value === undefined ? [] : [text];
    const wanted = value === undefined ? true : text;
    const read = (as: string) => forCommand(parseArgv([as, ...typed]), [name]).flags.get(name);
    expect(read(`--${flag}`), name).toBe(wanted);
    expect(read(`-${short ?? `-${flag}`}`), name).toBe(wanted);
  }
});

test("a value comes from the flag, else the environment, else the settings file, else its default", () => {
  for (const name of names) {
    const option = optionNamed(name);
    const [flag, variable, kept] = samplesOf(name);
    const places: { source: string; text: string; given: Partial<Given> }[] = [];
    if (option.flag !== undefined)
      places.push({ source: "flag", text: flag, given: { flags: new Map([[name, flag]]) } });
    if (option.env !== undefined)
      places.push({
        source: "environment",
        text: variable,
        given: { env: Object.fromEntries(option.env.map((key) => [key, variable])) },
      });
    if (option.setting !== undefined)
      places.push({ source: "file", text: kept, given: { setting: () => kept } });
    const nothing: Given = { flags: new Map(), env: {}, setting: () => undefined };
    const found = places.map((_, at) => {
      const rest = places.slice(at).reduce((given, place) => ({ ...given, ...place.given }), nothing);
      const { values, sources, complaints } = resolve([name], rest);
      return { value: values[name], source: sources[name], complaints };
    });
    expect(places.length, name).toBeGreaterThan(0);
    expect(found, name).toEqual(
      places.map(({ source, text }) => ({ value: option.parse(text), source, complaints: [] })),
    );
    const { values, sources } = resolve([name], nothing);
    expect([values[name], sources[name]], name).toEqual([option.fallback, "default"]);
  }
});

test("each option stands with its default in the help of each command that takes it", () => {
  for (const name of names) {
    const { flag, env, setting, help, shown } = optionNamed(name);
    const label = flag === undefined ? (env ?? [`the setting ${setting}`]).join(", ") : `--${flag}`;
    for (const [command, spec] of takers(name)) {
      const text = words(commandHelp(command, spec, "ai-chat"));
      expect(text, name).toContain(label);
      expect(text, name).toContain(help);
      for (const variable of env ?? []) expect(text, name).toContain(variable);
      expect(text, name).toContain(shown === undefined ? help : `[${shown}]`);
    }
    const told = words(topics.get("environment")?.help() ?? "");
    for (const variable of env ?? []) expect(told, name).toContain(variable);
  }
});

test("each option stands with its default in the man page", () => {
  for (const name of names) {
    const { flag, env, setting, help, shown } = optionNamed(name);
    const text = words(page);
    const labels = [flag && `--${flag}`, ...(env ?? []), setting].filter((label) => label !== undefined);
    for (const label of labels) expect(text, name).toContain(`\\fB${plain(label)}\\fR`);
    expect(text, name).toContain(plain(shown === undefined ? help : `${help} [${shown}]`));
  }
});

test("each flag and its choices are completed for each command that takes it", async () => {
  for (const name of flagged) {
    const { flag, value, choices } = optionNamed(name);
    const given = value === undefined || choices === undefined ? [] : choices;
    for (const [command] of takers(name)) {
      const offered = await candidates([command, "-"], nobody);
      expect(offered, name).toMatchObject({ kind: "words" });
      expect(offered.kind === "words" && offered.candidates.map((one) => one.value), name).toContain(
        `--${flag}`,
      );
      const values = await candidates([command, `--${flag}`, ""], nobody);
      const found = values.kind === "words" ? values.candidates.map((one) => one.value) : [];
      expect(found, name).toEqual(expect.arrayContaining([...given]));
    }
  }
});

test("no help and no page shows a default that is none, and XDG_CACHE_HOME is among the variables", () => {
  const helps = [...commands].map(([command, spec]) => commandHelp(command, spec, "ai-chat"));
  const environment = topics.get("environment")?.help() ?? "";
  for (const text of [page, environment, ...helps]) expect(text).not.toMatch(/undefined|null\]/);
  for (const text of [page, environment]) expect(text).toContain("XDG_CACHE_HOME");
});

test("whatever has a default that a person may change shows it", () => {
  const unshown = names.filter((name) => {
    const { fallback, shown } = optionNamed(name);
    return fallback !== undefined && fallback !== false && shown === undefined;
  });
  expect(unshown).toEqual([]);
});

test("the help of each command has examples first and fits 80 columns", () => {
  for (const [command, spec] of commands) {
    for (const program of ["ai-chat", "npx ai-chat", "npx ai-chat-system"]) {
      const lines = commandHelp(command, spec, program).split("\n");
      expect(lines[2], command).toBe("Examples");
      expect(
        lines.filter((line) => line.length > 80),
        command,
      ).toEqual([]);
    }
  }
});

test("the help on each topic fits 80 columns", () => {
  for (const [topic, { help }] of topics) {
    expect(
      help()
        .split("\n")
        .filter((line) => line.length > 80),
      topic,
    ).toEqual([]);
  }
});
