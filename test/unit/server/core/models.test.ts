import { describe, expect, test } from "vitest";
import { endlessRoom } from "./endless-room.ts";
import { createAnswers } from "../../../../src/server/core/answers.ts";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import type { Model } from "../../../../src/server/core/models.ts";
import type { Provider } from "../../../../src/server/core/provider.ts";
import type { Prompt } from "../../../../src/server/core/prompt.ts";
import { createQuestions, type Question } from "../../../../src/server/core/questions.ts";
import { sha256 } from "../../../../src/server/core/sha256.ts";
import { testedModel } from "../../../support/tested-model.ts";
import { createFakeLedger } from "./fake-ledger.ts";

type Asked = Parameters<Provider["answer"]>[0];

/** A provider whose answer the test decides, and what it was asked. */
function providerOf(answer: (asked: Asked) => Promise<string>) {
  const asked: Asked[] = [];
  const provider: Provider = {
    model: "upstream",
    answer: (question) => {
      asked.push(question);
      return answer(question);
    },
    close: async () => {},
  };
  return { provider, asked };
}

const saying = (text: string) =>
  providerOf(async ({ onDelta }) => {
    onDelta?.([text]);
    return text;
  });

const failing = (error: Error, text?: string) =>
  providerOf(async ({ onDelta }) => {
    if (text !== undefined) onDelta?.([text]);
    throw error;
  });

const broken = () => new ApiError("upstream_error", "The AI failed.");

const settings = { timeout: 60_000, maxInFlight: 64, maxQuestions: 1000 };

function setUp(...[first, ...others]: [Model, ...Model[]]) {
  const ledger = createFakeLedger();
  const questions = createQuestions({
    ledger,
    models: [first, ...others],
    answers: createAnswers(Date.now, endlessRoom),
    limit: () => undefined,
    ...settings,
    now: Date.now,
  });
  const ask = ({ message = "hello", history = [], ...wishes }: Partial<Question & Prompt> = {}) =>
    questions.ask({
      account: "jane",
      prompt: { message, history },
      stop: new AbortController(),
      ...wishes,
    });
  return { ledger, questions, ask };
}

/** `small` for 100, the default, and `large` for 250. */
function twoModels() {
  const small = saying("small says");
  const large = saying("large says");
  const models: [Model, Model] = [
    testedModel({ provider: small.provider, system: "Be small." }),
    testedModel({
      name: "large",
      provider: large.provider,
      price: 250,
      system: "Be large.",
      contextChars: 8,
    }),
  ];
  return { small, large, models, ...setUp(...models) };
}

describe("a question", () => {
  test("names the model that answered, if its name was a guess until then", async () => {
    let name = "guess";
    const { provider } = providerOf(async ({ onDelta }) => {
      name = "found";
      onDelta?.(["Hello."]);
      return "Hello.";
    });
    const model = {
      ...testedModel({ provider, listed: false }),
      get name() {
        return name;
      },
    };
    const { ask } = setUp(model);
    const named: string[] = [];
    const onDelta: Question["onDelta"] = (_pieces, { model: one }) => named.push(one) > 0;
    expect((await ask({ onDelta })).model).toBe("found");
    expect(named).toEqual(["found"]);
  });

  test("without a model asks the default, at its price", async () => {
    const { ask, ledger } = twoModels();
    expect(await ask()).toMatchObject({ response: "small says", model: "small", deducted: 100 });
    expect(ledger.requests).toMatchObject([{ price: 100, model: "small" }]);
  });

  test("asks the model that it names, with the price, the system prompt and the context of that model", async () => {
    const { ask, ledger, large, small } = twoModels();
    const history = [{ role: "user" as const, content: "before" }];
    const answer = await ask({ model: "large", history });
    expect(answer).toMatchObject({ response: "large says", model: "large", deducted: 250 });
    expect(ledger.requests).toMatchObject([{ price: 250, model: "large" }]);
    expect(large.asked[0]?.messages).toEqual([
      { role: "system", content: "Be large." },
      { role: "user", content: "hello" },
    ]);
    expect(small.asked).toEqual([]);
  });

  test("for a model that is not there is refused with the names, and holds nothing", async () => {
    const { ask, ledger } = twoModels();
    const detail = "model must be one of these: small, large";
    await expect(ask({ model: "huge" })).rejects.toMatchObject({
      code: "invalid_request",
      message: detail,
      fields: [{ field: "model", detail }],
    });
    expect(ledger.requests).toEqual([]);
  });

  test("that costs more than is left says the price of its model", async () => {
    const { ask, ledger } = twoModels();
    ledger.outcomes.push({ kind: "insufficient", balance: { tokens: 120, held: 0 } });
    await expect(ask({ model: "large" })).rejects.toMatchObject({ balance: { required: 250 } });
    ledger.outcomes.push({ kind: "all_held", balance: { tokens: 300, held: 100 } });
    await expect(ask({ model: "large" })).rejects.toMatchObject({ balance: { required: 250 } });
  });
});

describe("a key", () => {
  test("without a model has the digest that it had before models", async () => {
    const { ask, ledger } = twoModels();
    const history = [{ role: "user" as const, content: "before" }];
    await ask({ key: "k", history });
    const [request] = ledger.requests;
    expect(request?.digest).toBe(sha256('["k","hello",[{"role":"user","content":"before"}]]'));
  });

  test("stands for the name of the model as it was sent, the default's included", async () => {
    const { ask, ledger } = twoModels();
    for (const model of [undefined, "small", "large"]) await ask({ key: "k", ...(model && { model }) });
    expect(new Set(ledger.requests.map(({ digest }) => digest)).size).toBe(3);
  });

  test("that was charged is asked again at the model of its charge, and tells what it cost then", async () => {
    const { ask, ledger, small, large } = twoModels();
    ledger.outcomes.push({ kind: "paid", cost: 70, model: "large" });
    const answer = await ask({ key: "k" });
    expect(answer).toMatchObject({ response: "large says", model: "large", deducted: 70, replayed: true });
    expect(ledger.tokens).toBe(4000);
    expect([small.asked.length, large.asked.length]).toEqual([0, 1]);
  });

  test("whose answer is kept tells what it cost then, and who answered", async () => {
    const { ask, ledger, questions, models } = twoModels();
    await ask({ key: "k", model: "large" });
    await questions.change({ models: [models[0], { ...models[1], price: 1 }], ...settings });
    ledger.outcomes.push({ kind: "paid", cost: 250, model: "large" });
    expect(await ask({ key: "k", model: "large" })).toMatchObject({
      response: "large says",
      model: "large",
      deducted: 250,
      replayed: true,
    });
  });

  test("whose model is gone is refused for nothing, can be asked again, and goes to no other model", async () => {
    const { ask, ledger, small, large } = twoModels();
    ledger.outcomes.push({ kind: "paid", cost: 70, model: "gone" });
    await expect(ask({ key: "k" })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/charged for the model gone, which is gone.*small, large$/),
    });
    expect(ledger.settlements).toEqual(["released"]);
    expect([...small.asked, ...large.asked]).toEqual([]);
  });

  test("of before models is asked again at the default", async () => {
    const { ask, ledger } = twoModels();
    ledger.outcomes.push({ kind: "paid", cost: 70, model: undefined });
    expect(await ask({ key: "k" })).toMatchObject({ model: "small", deducted: 70 });
  });

  test("is asked again where there is no list, whatever the model was called then", async () => {
    const { provider } = saying("here");
    const { ask, ledger } = setUp(testedModel({ name: "new-name", listed: false, provider }));
    ledger.outcomes.push({ kind: "paid", cost: 70, model: "old-name" });
    expect(await ask({ key: "k" })).toMatchObject({ response: "here", model: "new-name" });
  });
});

describe("a fallback", () => {
  const withFallback = (first: ReturnType<typeof providerOf>, second = saying("instead")) => {
    const third = saying("never");
    return {
      second,
      third,
      ...setUp(
        testedModel({ provider: first.provider, price: 100, fallback: "large" }),
        testedModel({ name: "large", provider: second.provider, price: 250, fallback: "third" }),
        testedModel({ name: "third", provider: third.provider }),
      ),
    };
  };

  const failures = ["upstream_error", "upstream_unavailable", "upstream_timeout"] as const;
  test.each(failures)("answers at the price of the model that was asked after %s", async (code) => {
    const { ask, ledger } = withFallback(failing(new ApiError(code, "It failed.")));
    const fellBack: string[] = [];
    const answer = await ask({ onFallback: (model, failure) => fellBack.push(model, failure.code) });
    expect(answer).toMatchObject({ response: "instead", model: "large", deducted: 100 });
    expect(ledger.requests).toMatchObject([{ price: 100, model: "small" }]);
    expect(fellBack).toEqual(["large", code]);
  });

  test("names itself with the first delta", async () => {
    const { ask } = withFallback(failing(broken()));
    const heads: unknown[] = [];
    await ask({ onDelta: (pieces, head) => heads.push([pieces, head]) > 0 });
    expect(heads).toEqual([[["instead"], { replayed: false, model: "large", turns: 0 }]]);
  });

  test("is not asked after text was passed on", async () => {
    const { ask, ledger, second } = withFallback(failing(broken(), "Half"));
    await expect(ask({ onDelta: () => true })).rejects.toMatchObject({ code: "upstream_error" });
    expect(second.asked).toEqual([]);
    expect(ledger.settlements).toEqual(["released"]);
  });

  test("is asked after text that a plain question has not seen", async () => {
    const { ask } = withFallback(failing(broken(), "Half"));
    expect(await ask()).toMatchObject({ response: "instead" });
  });

  test("is not asked if the question itself was refused, nor after a bug", async () => {
    const refused = new ApiError("upstream_error", "Not accepted.", { refused: true });
    for (const error of [refused, new TypeError("a bug")]) {
      const { ask, second } = withFallback(failing(error));
      await expect(ask()).rejects.toBe(error);
      expect(second.asked).toEqual([]);
    }
  });

  test("is asked once, and its own fallback is not", async () => {
    const { ask, ledger, third } = withFallback(
      failing(broken()),
      failing(new ApiError("overloaded", "Full.")),
    );
    await expect(ask()).rejects.toMatchObject({ code: "overloaded" });
    expect(third.asked).toEqual([]);
    expect(ledger.settlements).toEqual(["released"]);
  });

  test("is not asked for a client that has left", async () => {
    const stop = new AbortController();
    const gone = new Error("gone");
    const first = providerOf(async () => {
      await Promise.resolve();
      stop.abort(gone);
      throw broken();
    });
    const { ask, second } = withFallback(first);
    const fellBack: string[] = [];
    const onFallback = (model: string) => void fellBack.push(model);
    await expect(ask({ stop, onFallback })).rejects.toBe(gone);
    expect([...second.asked, ...fellBack]).toEqual([]);
  });
});

describe("a change of the settings", () => {
  test("leaves questions under way their model and price, and ends when they have ended", async () => {
    let finish!: (text: string) => void;
    const slow = providerOf(() => new Promise((resolve) => (finish = resolve)));
    const next = saying("new");
    const { ask, questions, ledger } = setUp(testedModel({ provider: slow.provider }));
    const asking = ask();
    let isOver = false;
    const models = [testedModel({ provider: next.provider, price: 7 })] as const;
    const changed = questions.change({ models, ...settings }).then(() => (isOver = true));
    expect(await ask()).toMatchObject({ response: "new", deducted: 7 });
    expect(isOver).toBe(false);
    finish("old");
    expect(await asking).toMatchObject({ response: "old", deducted: 100 });
    await changed;
    expect(ledger.requests.map(({ price }) => price)).toEqual([100, 7]);
  });
});
