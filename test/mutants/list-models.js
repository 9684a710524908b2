/** @typedef {import("./list.js").Mutant} Mutant */

const models = "test/unit/server/core/models.test.ts";
const chosen = "test/http/models.test.ts";
const reload = "test/http/reload.test.ts";

/** Which model answers, and what it costs. @type {Mutant[]} */
export const modelMutants = [
  {
    file: "src/server/core/prompt.ts",
    find: "model === undefined ? [] : [model]",
    replace: "model === undefined ? [] : []",
    why: "A key is good for any model: an answer of the cheap one is given for the dear one.",
    tests: [models, chosen],
  },
  {
    file: "src/server/core/prompt.ts",
    find: "model === undefined ? [] : [model]",
    replace: "[model]",
    why: "A key that was charged before models is refused, or charged twice.",
    tests: [models],
  },
  {
    file: "src/server/core/questions.ts",
    find: "paid ? paid.cost : asked.price",
    replace: "asked.price",
    why: "The free second answer of a key tells the price of now.",
    tests: [models],
  },
  {
    file: "src/server/core/questions.ts",
    find: "deducted: outcome.cost",
    replace: "deducted: asked.price",
    why: "A kept answer tells the price of now.",
    tests: [models],
  },
  {
    file: "src/server/core/questions.ts",
    find: "price: asked.price, model",
    replace: "price: models[0].price, model",
    why: "Every model costs what the default costs.",
    tests: [models, chosen],
  },
  {
    file: "src/server/core/questions.ts",
    find: "modelOfCharge(models, paid.model, asked) : asked",
    replace: "asked : asked",
    why: "The second answer of a key comes from a model that nobody paid for.",
    tests: [models],
  },
  {
    file: "src/server/core/models.ts",
    find: "name === undefined || !asked.listed ? asked",
    replace: "name === undefined ? asked",
    why: "A server without a list refuses its charged keys once its AI has another name.",
    tests: [models],
  },
  {
    file: "src/server/core/ask-model.ts",
    find: "!error.refused && !hasText",
    replace: "!error.refused",
    why: "A fallback begins anew in the middle of an answer.",
    tests: [models, chosen],
  },
  {
    file: "src/server/core/ask-model.ts",
    find: "!error.refused && ",
    replace: "",
    why: "A question that its AI refuses goes to a second one, too.",
    tests: [models, chosen],
  },
  {
    file: "src/server/http/model-header.ts",
    find: "? name : encodeURIComponent(name.toWellFormed())",
    replace: "? name : name",
    why: "The answer of a model with such a name is charged, and its head cannot be sent.",
    tests: [chosen],
  },
  {
    file: "src/server/reload.ts",
    find: "apply(current, pair).then(() => old.close())",
    replace: "Promise.all([apply(current, pair), old.close()])",
    why: "The connections of a question under way are closed when its model is replaced.",
    tests: [reload],
  },
  {
    file: "src/server/take-over.ts",
    find: 'restart.includes("models") ? now : next',
    replace: "next",
    why: "A running server takes a list of models although its ledger cannot name them.",
    tests: ["test/unit/server/take-over.test.ts"],
  },
];
