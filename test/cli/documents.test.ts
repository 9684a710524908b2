import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { commands } from "../../src/cli/argv/commands.ts";
import * as accounts from "../../src/cli/commands/accounts/document.ts";
import { askDocument, streamDocument } from "../../src/cli/commands/ask/document.ts";
import { balanceDocument } from "../../src/cli/commands/balance/document.ts";
import { completionDocument } from "../../src/cli/commands/completion/document.ts";
import { pathDocument, settingDocument, settingsDocument } from "../../src/cli/commands/config/document.ts";
import * as conversations from "../../src/cli/commands/conversations/document.ts";
import { doctorDocument } from "../../src/cli/commands/doctor/document.ts";
import { grantDocument, grantsDocument } from "../../src/cli/commands/grant/document.ts";
import {
  createdKeyDocument,
  keysDocument,
  revokedKeyDocument,
} from "../../src/cli/commands/keys/document.ts";
import * as invites from "../../src/cli/commands/invites/document.ts";
import { factDocument, ledgerDocument } from "../../src/cli/commands/ledger/document.ts";
import { loginDocument } from "../../src/cli/commands/login/document.ts";
import { logoutDocument } from "../../src/cli/commands/logout/document.ts";
import { passwordDocument } from "../../src/cli/commands/password/document.ts";
import { reportDocument } from "../../src/cli/commands/report/document.ts";
import { checkedDocument, serveDocument } from "../../src/cli/commands/serve/document.ts";
import { serversDocument } from "../../src/cli/commands/servers/document.ts";
import {
  backupDocument,
  checkDocument,
  compactDocument,
  copyDocument,
  restoreDocument,
  rotatedDocument,
} from "../../src/cli/commands/store/document.ts";
import { takeDocument } from "../../src/cli/commands/take/document.ts";
import { usageDocument } from "../../src/cli/commands/usage/document.ts";
import { whoamiDocument } from "../../src/cli/commands/whoami/document.ts";
import { failureDocument } from "../../src/cli/failures/document.ts";
import { openOthersServer, type SmallServer } from "../support/others-server.ts";
import { runInHome } from "../support/run-inside.ts";
import {
  makeHome,
  runProgram,
  startProgram,
  type Ended,
  type Home,
  type Running,
} from "../support/run-program.ts";
import { codeIn, readPage } from "../support/pages.ts";
import { PASSWORD } from "../support/test-server.ts";

/** The schema of each command's stdout with `--json`; keys are the command with its second word or `--stream`. */
const documents = {
  ask: askDocument,
  "ask --stream": streamDocument,
  register: loginDocument,
  login: loginDocument,
  logout: logoutDocument,
  password: passwordDocument,
  whoami: whoamiDocument,
  balance: balanceDocument,
  usage: usageDocument,
  servers: serversDocument,
  "conversations list": conversations.listDocument,
  "conversations search": conversations.searchDocument,
  "conversations show": conversations.conversationDocument,
  "conversations export": conversations.conversationDocument,
  "conversations export --all": conversations.exportAllDocument,
  "conversations import": conversations.importDocument,
  "conversations delete": conversations.deleteDocument,
  "config list": settingsDocument,
  "config get": settingDocument,
  "config set": settingDocument,
  "config unset": settingDocument,
  "config path": pathDocument,
  doctor: doctorDocument,
  completion: completionDocument,
  serve: serveDocument,
  "serve --check": checkedDocument,
  "accounts list": accounts.accountsDocument,
  "accounts show": accounts.shownDocument,
  ledger: ledgerDocument,
  "ledger --follow": factDocument,
  report: reportDocument,
  "accounts disable": accounts.disabledDocument,
  "accounts enable": accounts.disabledDocument,
  "accounts password": accounts.resetDocument,
  "accounts rename": accounts.renamedDocument,
  "accounts delete": accounts.deletedDocument,
  grant: grantDocument,
  "grant --all": grantsDocument,
  take: takeDocument,
  "keys create": createdKeyDocument,
  "keys list": keysDocument,
  "keys revoke": revokedKeyDocument,
  "invites create": invites.createdDocument,
  "invites list": invites.invitesDocument,
  "invites revoke": invites.revokedDocument,
  "store check": checkDocument,
  "store backup": backupDocument,
  "store restore": restoreDocument,
  "store copy": copyDocument,
  "store compact": compactDocument,
  "store rotate-secret": rotatedDocument,
};
type DocumentName = keyof typeof documents;

const NEW = "a battery staple";
let home: Home;
let server: Running;
let url: string;
let others: SmallServer;
let dir: string;
beforeAll(async () => {
  home = await makeHome();
  others = await openOthersServer({ balance: "missing", tellsPrice: false });
  dir = join(home.dir, "store");
  server = await startProgram(["serve", "--json", "--port", "0", "--data", dir], { home });
  let said = "";
  server.child.stdout?.on("data", (text: string) => (said += text));
  await server.sees("}\n");
  ({ url } = documents.serve.parse(JSON.parse(said)));
});
afterAll(async () => {
  await others.close();
  await home.remove();
});

const password = (text: string) => ({ env: { AI_CHAT_PASSWORD: text } });
interface More {
  env?: Record<string, string>;
  stdin?: { pipe: string };
}

/** Runs the program: in this process, unless it reads stdin or prints a text that only the build puts in. */
const run = (args: readonly string[], more: More = {}): Promise<Omit<Ended, "signal">> =>
  (more.stdin || args[0] === "completion" ? runProgram : runInHome)(["--json", ...args], { home, ...more });

/** The documents that a successful command prints, checked against the schema: one a line for `--stream`, else one. */
async function printed(name: DocumentName, args: readonly string[], more?: More): Promise<unknown[]> {
  const { code, stdout, stderr } = await run(args, more);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  const found = name === "ask --stream" ? stdout.trimEnd().split("\n") : [stdout];
  return found.map((text) => documents[name].parse(JSON.parse(text)));
}

async function conversation(): Promise<string> {
  const [[first]] = (await printed("conversations list", ["conversations", "list"])) as [{ id: string }[]];
  return first?.id ?? "";
}

test("the table has the documents of every command except the session", () => {
  const described = new Set(Object.keys(documents).map((name) => name.split(" ")[0]));
  const without = [...commands.keys()].filter((name) => !described.has(name));
  expect(without.filter((name) => name !== "chat")).toEqual([]);
});

/** The fields that a document has, with those of what is in them; undefined for one without fields. */
type Fields = { [name: string]: Fields | undefined };

/** Those that are always there, as deep as `described` goes. */
function fieldsOf(schema: unknown, described: Fields | undefined): Fields | undefined {
  if (schema instanceof z.ZodNullable) return fieldsOf(schema.unwrap(), described);
  if (schema instanceof z.ZodArray) return fieldsOf(schema.element, described);
  if (schema instanceof z.ZodUnion) return fieldsOf(schema.options[0], described);
  if (!(schema instanceof z.ZodObject) || described === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(schema.shape)
      .filter(([, field]) => !(field instanceof z.ZodOptional))
      .map(([name, field]) => [name, fieldsOf(field, described[name])]),
  );
}

/** The same of `[{"a","b":{"c"}}]` in docs/cli.md. */
function describedFields(text: string): Fields | undefined {
  const json = text.replaceAll(/"(\w+)"(?=[,}])/g, '"$1":0').replaceAll("[…]", "0");
  const plain = (value: unknown): Fields | undefined => {
    if (Array.isArray(value)) return plain(value[0]);
    if (typeof value !== "object" || value === null) return undefined;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
  };
  return plain(JSON.parse(json));
}

test("docs/cli.md has the fields of each document that a command prints", () => {
  const rows = readPage("docs/cli.md").tables.get("json-documents") ?? [];
  const checked = rows.flatMap(([cell = "", document = ""]) => {
    const [first = "", ...others] = codeIn(cell);
    const [command = ""] = first.split(" ");
    const names = [first, ...others.map((name) => (name in documents ? name : `${command} ${name}`))];
    const [text = ""] = codeIn(document);
    if (!document.startsWith("`") || !/^`[^`]+`(?:, `[^`]+`)*$/.test(cell)) return [];
    const described = describedFields(text);
    for (const name of names)
      expect(described, name).toStrictEqual(fieldsOf(documents[name as DocumentName], described));
    return names;
  });
  const inWords = Object.keys(documents).filter((name) => !checked.includes(name));
  expect(inWords).toEqual([
    "ask --stream",
    "conversations search",
    "config get",
    "config set",
    "config unset",
    "config path",
    "doctor",
    "accounts show",
    "ledger --follow",
    "grant",
    "grant --all",
  ]);
});

test("a successful command prints its document and nothing else", async () => {
  const jane = ["-s", url, "-u", "jane"];
  await printed("register", ["register", ...jane], password(PASSWORD));
  await printed("login", ["login", ...jane], password(PASSWORD));
  await printed("serve --check", ["serve", "--check"]);
  await printed("whoami", ["whoami"]);
  await printed("balance", ["balance"]);
  await printed("ask", ["ask", "hi"]);
  await printed("ask", ["ask", "--save", "hi"]);
  const lines = await printed("ask --stream", ["ask", "--stream", "-c", "hi"]);
  expect(lines.map((line) => (line as { type: string }).type)).toEqual([
    ...lines.slice(1).map(() => "delta"),
    "done",
  ]);
  await printed("usage", ["usage", "--days", "2"]);
  await printed("servers", ["servers"]);
  const id = await conversation();
  await printed("conversations show", ["conversations", "show", id]);
  await printed("conversations export", ["conversations", "export", id, "--format", "md"]);
  await printed("conversations search", ["conversations", "search", "hi"]);
  await printed("conversations delete", ["conversations", "delete", id]);
  await printed("config list", ["config", "list"]);
  await printed("config set", ["config", "set", "timeout", "60"]);
  await printed("config get", ["config", "get", "timeout"]);
  await printed("config unset", ["config", "unset", "timeout"]);
  await printed("config get", ["config", "get", "editor"]);
  await printed("config path", ["config", "path"]);
  await printed("grant", ["grant", "jane", "500", "--data", dir]);
  await printed("grant --all", ["grant", "--all", "500", "--data", dir]);
  const at = ["--data", dir];
  await printed("take", ["take", "jane", "5", "--reason", "a test", "--yes", ...at]);
  await printed("accounts list", ["accounts", "list", ...at]);
  await printed("accounts show", ["accounts", "show", "jane", ...at]);
  await printed("ledger", ["ledger", "jane", ...at]);
  for (const by of ["account", "day", "model"]) await printed("report", ["report", "--by", by, ...at]);
  await printed("keys create", ["keys", "create", "editor", "--limit", "100/day"]);
  await printed("keys list", ["keys", "list"]);
  await printed("keys revoke", ["keys", "revoke", "editor"]);
  const [made] = (await printed("invites create", ["invites", "create", ...at])) as [{ id: string }[]];
  await printed("invites list", ["invites", "list", ...at]);
  await printed("invites revoke", ["invites", "revoke", made[0]?.id ?? "", ...at]);
  await printed("store check", ["store", "check", dir]);
  const backup = join(home.dir, "a.backup");
  await printed("store backup", ["store", "backup", dir, backup]);
  await printed("store restore", ["store", "restore", backup, join(home.dir, "restored")]);
  const both = { stdin: { pipe: `${PASSWORD}\n${NEW}\n` } };
  await printed("password", ["password", "--password-stdin"], both);
  await printed("doctor", ["doctor"]);
  for (const shell of ["bash", "zsh", "fish"]) await printed("completion", ["completion", shell]);
  await printed("logout", ["logout"]);
  await printed("logout", ["logout"]);

  server.child.kill("SIGTERM");
  const { code, stdout, stderr } = await server.ended;
  expect({ code, stderr, lines: stdout.match(/\n/g)?.length }).toEqual({ code: 0, stderr: "", lines: 1 });
  await printed("store copy", ["store", "copy", dir, join(home.dir, "copy")]);
  await printed("store compact", ["store", "compact", join(home.dir, "copy")]);
  await printed("store rotate-secret", ["store", "rotate-secret", dir]);

  const by = ["--yes", "--data", dir];
  await printed("accounts disable", ["accounts", "disable", "jane", ...by]);
  await printed("accounts enable", ["accounts", "enable", "jane", "--data", dir]);
  const reset = ["accounts", "password", "jane", "--password-stdin", ...by];
  await printed("accounts password", reset, { stdin: { pipe: `${NEW}\n` } });
  await printed("accounts rename", ["accounts", "rename", "jane", "Jane", ...by]);
  await printed("accounts delete", ["accounts", "delete", "Jane", ...by]);
}, 300_000);

test("fields that another server doesn't send are null, never missing", async () => {
  const at = ["-s", others.url];
  await printed("register", ["register", ...at, "-u", "joe"], password(PASSWORD));
  expect(await printed("login", ["login", ...at, "-u", "joe"], password(PASSWORD))).toMatchObject([
    { tokens: null },
  ]);
  expect(await printed("ask", ["ask", ...at, "hi"])).toMatchObject([{ tokens_deducted: null, tokens: null }]);
  expect(await printed("servers", ["servers"])).toMatchObject([[{ tokens: null }]]);
  await printed("logout", ["logout", ...at]);
});

describe("a failed command prints one line on stderr and nothing on stdout", () => {
  const nowhere = ["-s", "http://127.0.0.1:1"];
  const failures: [exit: number, args: string[], more?: More][] = [
    [4, ["ask", ...nowhere, "hi"]],
    [6, ["ask", ...nowhere, "--stream", "hi"], { env: { AI_CHAT_TOKEN: "tok" } }],
    [2, ["register", ...nowhere, "-u", "jane"]],
    [6, ["login", ...nowhere, "-u", "jane"], password(PASSWORD)],
    [2, ["logout", "jane"]],
    [4, ["password", ...nowhere]],
    [4, ["whoami", ...nowhere]],
    [4, ["balance", ...nowhere]],
    [2, ["usage", "--days", "0"]],
    [2, ["servers", "--days", "1"]],
    [2, ["conversations", "list", "all"]],
    [2, ["conversations", "show", "zzzzzzz9"]],
    [2, ["conversations", "export"]],
    [2, ["conversations", "search"]],
    [2, ["conversations", "delete", "zzzzzzz9"]],
    [2, ["config", "list", "all"]],
    [2, ["config", "get", "colour"]],
    [2, ["config", "set", "timeout", "never"]],
    [2, ["config", "unset", "colour"]],
    [2, ["config", "path", "of"]],
    [2, ["serve", "--port", "99999"]],
    [2, ["grant", "nobody", "5", "--data", "/nonexistent"]],
    [2, ["take", "nobody", "5", "--reason", "x", "--data", "/nonexistent"]],
    [2, ["accounts", "enable", "nobody", "--data", "/nonexistent"]],
    [2, ["accounts", "list", "--data", "/nonexistent"]],
    [2, ["ledger", "jane", "--data", "/nonexistent"]],
    [2, ["report", "--data", "/nonexistent"]],
    [2, ["invites", "list", "--data", "/nonexistent"]],
    [2, ["store", "check", "/nonexistent"]],
    [2, ["store", "backup", "/nonexistent", "/nonexistent/file"]],
    [2, ["store", "backup", "/nonexistent", "-"]],
    [2, ["store", "restore", "/nonexistent", "/nonexistent/folder"]],
    [2, ["store", "copy", "/nonexistent"]],
    [2, ["chat"]],
    [2, ["no such command"]],
    [2, ["--no-such-option"]],
  ];
  test.each(failures)("exit %i: %j", async (exit, args, more) => {
    const { code, stdout, stderr } = await run(args, more);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    failureDocument.parse(JSON.parse(stderr));
  });
});
