import { expect, it } from "vitest";
import { isApiKey, isKeyLike, newApiKey, withoutApiKeys } from "../../../src/protocol/api-key.ts";

it("makes keys of letters and digits that are API keys, each another one", () => {
  const keys = new Set(Array.from({ length: 100 }, newApiKey));
  expect(keys.size).toBe(100);
  for (const key of keys) {
    expect(key).toMatch(/^aic_[0-9A-Za-z]{49}$/);
    expect(isApiKey(key)).toBe(true);
  }
});

it("knows a key that was made before", () => {
  expect(isApiKey(`aic_${"0".repeat(49)}`)).toBe(true);
  expect(isApiKey("aic_0Eoh211G4c8wtVWM00my5rsNSFlKgaWqQ4mb8gdEqno5k9s74")).toBe(true);
});

it("finds each character that is wrong, and any two that changed places", () => {
  const key = newApiKey();
  const places = Array.from({ length: 49 }, (_, index) => 4 + index);
  const wrong = places.map((at) => key.slice(0, at) + (key[at] === "x" ? "y" : "x") + key.slice(at + 1));
  const swapped = places
    .filter((at) => at + 1 < key.length && key[at] !== key[at + 1])
    .map((at) => key.slice(0, at) + key[at + 1] + key[at] + key.slice(at + 2));
  expect([...wrong, ...swapped].filter(isApiKey)).toEqual([]);
});

it("takes no other text for one", () => {
  const key = newApiKey();
  for (const text of [
    "",
    "aic_",
    key.slice(4),
    key.slice(0, -1),
    `${key}0`,
    ` ${key}`,
    `${key}\n`,
    key.replace("aic_", "AIC_"),
    `sk-${key.slice(4)}`,
    "eyJhbGciOiJIUzI1NiJ9.e30.x",
    "aic_".padEnd(1_000_000, "0"),
  ])
    expect(isApiKey(text), text.slice(0, 60)).toBe(false);
});

it("knows what is meant as a key, whole or not, and no token", () => {
  for (const text of [newApiKey(), "aic_", "aic_short"]) expect(isKeyLike(text), text).toBe(true);
  for (const text of ["", "aic", "AIC_a", ` ${newApiKey()}`, "eyJhbGciOiJIUzI1NiJ9.e30.x"])
    expect(isKeyLike(text), text).toBe(false);
});

it("takes every key out of a text, also one that is cut off, and nothing else", () => {
  const [one, other] = [newApiKey(), newApiKey()];
  expect(withoutApiKeys(`"${one}", ${other}/models?key=${one.slice(0, 20)}`)).toBe(
    '"aic_…", aic_…/models?key=aic_…',
  );
  for (const text of ["", "aic_", "aic_short", "the name magic_word"])
    expect(withoutApiKeys(text)).toBe(text);
});
