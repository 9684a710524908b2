import { django } from "./django.ts";
import type { Framework } from "./framework.ts";
import { others } from "./others.ts";

/** Every imitation, for `test.each`. */
export const frameworks: [name: string, framework: Framework][] = [...django, ...others].map((framework) => [
  framework.name,
  framework,
]);

/** The imitation of that name. */
export function frameworkNamed(name: string): Framework {
  const found = frameworks.find(([known]) => known === name);
  if (!found) throw new Error(`There is no imitation ${name}.`);
  return found[1];
}
