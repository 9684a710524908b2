import { counted } from "../../../text/numbers.ts";
import { plainText } from "../../../text/sanitize.ts";
import type { Call } from "../../argv/call.ts";
import { WIDTH, wrapped } from "../../io/columns.ts";
import { lookAtAi } from "./ai.ts";
import type { DoctorDocument } from "./document.ts";
import { lookAtFiles, lookAtKeys } from "./files.ts";
import type { Finding, Report } from "./finding.ts";
import { lookAtProxy } from "./proxy.ts";
import { lookAtServer } from "./server.ts";
import { lookAtStore } from "./store.ts";
import { lookAtTerminal } from "./terminal.ts";
import { lookAtTexts } from "./texts.ts";
import { painted } from "../../io/paint.ts";
import { isAscii } from "../../io/terminal.ts";

interface Look {
  color: boolean;
  ascii: boolean;
}

/** Width of the sign and the subject, in columns. */
const LEFT = 18;

function sign({ fault, note }: Finding, { color, ascii }: Look): string {
  if (fault) return painted(ascii ? "x" : "✗", "red", color);
  return note ? painted("-", "dim", color) : painted(ascii ? "+" : "✓", "green", color);
}

/** A finding, and below it the hint if there is a fault. */
function lines(finding: Finding, look: Look): string[] {
  const gap = " ".repeat(LEFT);
  const text = finding.fault?.message ?? finding.text;
  const [first = "", ...more] = wrapped(plainText(text).replaceAll("\n", " "), WIDTH - LEFT);
  const hint = finding.fault ? wrapped(plainText(finding.fault.hint), WIDTH - LEFT) : [];
  const head = `  ${sign(finding, look)} ${finding.about.padEnd(LEFT - 4)}${first}`;
  return [head, ...[...more, ...hint].map((line) => gap + line)];
}

const section = ({ title, findings }: Report<unknown>, look: Look): string =>
  [title, ...findings.flatMap((finding) => lines(finding, look))].join("\n");

/** `doctor`: reports problems and how to fix them. Exits with the code of the first problem. */
export async function doctor(call: Call): Promise<number> {
  const { output, env, program, places } = call;
  const node = process.versions.node;
  const machine = `${process.platform} ${process.arch}`;
  const [server, terminal] = [await lookAtServer(call), await lookAtTerminal(call)];
  const [proxy, files] = [lookAtProxy(env), lookAtFiles(places, process.platform)];
  const keys = await lookAtKeys(places, process.platform);
  const texts = await lookAtTexts(places, process.platform);
  const store = await lookAtStore(places);
  const ai = await lookAtAi(call);
  const reports = [
    { ...server, findings: [...server.findings, ...proxy.findings] },
    terminal,
    { ...files, findings: [...files.findings, ...keys.findings, ...texts.findings, ...store.findings] },
    ...(ai ? [ai] : []),
  ];
  const faults = reports.flatMap(({ findings }) => findings.flatMap(({ fault }) => fault ?? []));
  if (output.json) {
    const document: DoctorDocument = {
      version: program.version,
      node,
      platform: machine,
      ...server.document,
      proxy: proxy.document,
      terminal: terminal.document,
      files: [...files.document, ...keys.document, ...texts.document],
      own_server: store.document,
      ai: ai?.document ?? null,
      problems: faults.map(({ code, message, hint }) => ({ code, message, hint })),
    };
    await output.document(document);
  } else {
    const look = { color: output.color.stdout, ascii: isAscii(env) };
    const head = `ai-chat ${program.version}, Node ${node}, ${machine}`;
    await output.write(`${[head, ...reports.map((report) => section(report, look))].join("\n\n")}\n`);
    output.note(`\n${faults.length === 0 ? "No problems" : counted(faults.length, "problem")} found.`);
  }
  return faults[0]?.exit ?? 0;
}
