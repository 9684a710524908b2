import type { Model } from "../../src/server/core/models.ts";
import type { Provider } from "../../src/server/core/provider.ts";

/** A model of a list, with a provider of the test. */
export const testedModel = (wishes: Partial<Model> & { provider: Provider }): Model => ({
  name: "small",
  listed: true,
  price: 100,
  system: undefined,
  contextChars: 48_000,
  messageChars: 48_000,
  images: false,
  fallback: undefined,
  ...wishes,
});
