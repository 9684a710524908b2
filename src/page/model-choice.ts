import type { ModelsReply } from "../protocol/replies.ts";
import { counted } from "../text/numbers.ts";
import type { Models } from "./api.ts";
import { byId, make } from "./dom.ts";

export type Model = ModelsReply["models"][number];

/** The list of models with their prices. */
export interface ModelChoice {
  readonly chosen: Model;
  /** The model with this name; the default if there is none. */
  named(name: string | undefined): Model;
  /** The server has these models now. The choice stays if its model is there. */
  update(models: Models): void;
}

/** Fills the list on the page. The first model is the default. */
export function createModelChoice(models: Models): ModelChoice {
  const select = byId("model", HTMLSelectElement);
  let known = models;
  const update = (now: Models) => {
    const before = select.value;
    known = now;
    select.replaceChildren(
      ...known.map(({ name, price }) =>
        make("option", { value: name }, `${name} (${counted(price, "token")})`),
      ),
    );
    if (known.some(({ name }) => name === before)) select.value = before;
  };
  update(models);
  const named = (asked?: string) => known.find(({ name }) => name === asked) ?? known[0];
  return {
    get chosen() {
      return named(select.value);
    },
    named,
    update,
  };
}
