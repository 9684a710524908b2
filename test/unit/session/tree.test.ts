// Whatever two sessions do with one folder: what the AI answered is saved once, behind what it was told.
import { constantFrom, array, assert, asyncProperty, record, nat, boolean } from "fast-check";
import { expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { pathTo } from "../../../src/client/conversations/tree.ts";
import { answer } from "./fake-client.ts";
import { createSavedSessions } from "./saved-sessions.ts";

const step = record({
  who: nat(1),
  does: constantFrom(
    "ask" as const,
    "ask" as const,
    "edit" as const,
    "retry" as const,
    "versions" as const,
    "fork" as const,
    "new" as const,
    "resume" as const,
    "reopen" as const,
  ),
  fails: boolean(),
  at: nat(30),
});

it("saves every answer once, behind the turns that were sent with its question", async () => {
  await assert(
    asyncProperty(array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
      const folder = await createSavedSessions();
      try {
        const open = () => folder.open({ everywhere: true });
        const sessions = [open(), open()];
        const told: { question: string; answer: string; history: string[] }[] = [];
        let count = 0;
        for (const { who, does, fails, at } of steps) {
          const { session, client, ask } = sessions[who] as ReturnType<typeof open>;
          const name = String((count += 1));
          const said = `answer ${name}`;
          client.script = [
            fails
              ? [{ type: "delta", text: "half" }, new ClientError("upstream_error", "No.", { status: 502 })]
              : answer(said),
          ];
          const before = client.questions.length;
          if (does === "ask") await ask(name);
          else if (does === "edit") {
            session.edit();
            await ask(name);
          } else if (does === "retry") {
            session.retry();
            await session.idle();
          } else if (does === "versions") {
            const choices = await session.versions.choices();
            const chosen = choices[at % Math.max(1, choices.length)];
            if (chosen !== undefined) await session.versions.choose(chosen.id);
          } else if (does === "fork") await session.versions.fork(at % 2 === 0 ? undefined : 1);
          else if (does === "new") session.clear();
          else if (does === "resume") {
            const choices = await session.saver.choices();
            const chosen = choices[at % Math.max(1, choices.length)];
            if (chosen !== undefined) await session.saver.resume(chosen.id);
          } else sessions[who] = open();
          const asked = client.questions.slice(before);
          if (!fails)
            for (const { message, history } of asked)
              told.push({ question: message, answer: said, history: history.map(({ content }) => content) });
        }
        const saved = folder.conversations();
        const trees = await Promise.all((await saved.list()).map(({ id }) => saved.readTree(id)));
        for (const one of told) {
          const places = trees.flatMap((tree) =>
            tree.turns
              .filter((turn) => turn.answer === one.answer)
              .map((turn) => ({ turn, path: pathTo(tree, turn.parent ?? undefined) })),
          );
          // In a fork it is the same turn.
          expect(new Set(places.map(({ turn }) => turn.id)).size).toBe(1);
          for (const { turn, path } of places) {
            expect(turn.question).toBe(one.question);
            expect(path.flatMap((each) => [each.question, each.answer])).toEqual(one.history);
          }
        }
        const answers = new Set(trees.flatMap((tree) => tree.turns.map((turn) => turn.answer)));
        expect(answers).toEqual(new Set(told.map((one) => one.answer)));
        expect(sessions.flatMap(({ crashes }) => crashes)).toEqual([]);
      } finally {
        await folder.remove();
      }
    }),
    { numRuns: 80 },
  );
});
