import { ClientError } from "../../../client/failure.ts";
import {
  createBlocksWriter,
  createBytesWriter,
  createDocumentWriter,
  createLinesWriter,
  type AnswerWriter,
} from "../../io/answer-writer.ts";
import type { Call } from "../../argv/call.ts";
import { chooseServer } from "../../connection/chosen-server.ts";
import { askedModel } from "../../connection/asked-model.ts";
import { askedRole } from "../../connection/asked-role.ts";
import { failingAt } from "../../failures/failed-at.ts";
import { questionSource, readQuestion, type QuestionSource } from "./question.ts";
import { wantedThread, type AskedRole, type WantedThread } from "./thread.ts";

async function writerFor({ output, values, env }: Call): Promise<AnswerWriter> {
  if (output.json) return values.stream ? createLinesWriter(output) : createDocumentWriter(output);
  if (output.stdout.isTTY) return createBlocksWriter(output, { env, theme: values.theme });
  return createBytesWriter(output.write);
}

/** `ask`: one question, its answer on stdout; with `-c`, `-r` or `--save` as a turn of a saved conversation. */
export async function ask(call: Call): Promise<void> {
  if (call.values.stream && !call.output.json)
    throw new ClientError("usage", "--stream goes with --json.", {
      hint: "Without --json an answer is written as it comes anyway.",
    });
  const source = questionSource(call);
  const role = call.values.role === undefined ? undefined : await askedRole(call);
  const { there, of } = await wantedThread(call);
  await failingAt(there, () => askThere(there, of, source, role));
}

async function askThere(
  there: Call,
  of: WantedThread["of"],
  source: QuestionSource,
  role: AskedRole,
): Promise<void> {
  const chosen = chooseServer(there, "needed");
  const thread = await of(chosen, role);
  const question = await readQuestion(source, there);
  // Loaded here because the HTTP client loads slowly and the checks above do not need it.
  const [{ connect }, { converse }] = await Promise.all([
    import("../../connection/target.ts"),
    import("./converse.ts"),
  ]);
  const target = await connect(there, chosen);
  try {
    const { client } = target;
    const model = askedModel(there, chosen.name);
    await converse(there, question, { client, writer: await writerFor(there), thread, model, role });
  } finally {
    await target.close();
  }
}
