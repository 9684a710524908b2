import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { pagePaths, readPage, root } from "../../support/pages.ts";

const pages = new Map(pagePaths().map((path) => [path, readPage(path)]));

const isText = (name: string) => /\.(ts|tsx|js|md|json)$/.test(name);
const filesIn = (folder: string) =>
  readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .filter(isText)
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
const configs = readdirSync(root).filter((name) => /\.config\.[jt]s$/.test(name));
const hosting = readdirSync(`${root}ops`).map((name) => `ops/${name}`);
const sources = ["src", "test", "bench", "bin"].flatMap(filesIn);
const files = [...new Set([...configs, ...sources, ...hosting, ...pages.keys()])];

/** A page of documentation, with a section or without. */
const REFERENCE = /(?<![\w./-])((?:docs\/[\w-]+|README|CHANGELOG|CONTRIBUTING|SECURITY)\.md)(?:#([\w-]+))?/g;

/** What is wrong with a reference, or undefined. */
function fault(path: string, section: string | undefined): string | undefined {
  if (!existsSync(root + path)) return "there is no such file";
  if (section !== undefined && !pages.get(path)?.slugs.has(section)) return "there is no such heading";
  return undefined;
}

const faultsIn = (file: string, references: Iterable<readonly [path: string, section: string | undefined]>) =>
  [...references].flatMap(([path, section]) => {
    const why = fault(path, section);
    return why === undefined ? [] : [`${file}: ${path}${section === undefined ? "" : `#${section}`}: ${why}`];
  });

test("every reference to a page of documentation names a file and a heading that exist", () => {
  const faults = files.flatMap((file) => {
    const found = readFileSync(root + file, "utf8").matchAll(REFERENCE);
    return faultsIn(
      file,
      [...found].map(([, path = "", section]) => [path, section] as const),
    );
  });
  expect(faults).toEqual([]);
});

test("every link within the documentation leads to a file and a heading that exist", () => {
  const faults = [...pages.values()].flatMap(({ path, links }) => {
    const within = links.filter((link) => !/^[a-z]+:/i.test(link));
    const targets = within.map((link) => {
      const [file = "", section] = link.split("#");
      return [file === "" ? path : posix.join(posix.dirname(path), file), section] as const;
    });
    return faultsIn(path, targets);
  });
  expect(faults).toEqual([]);
});

test("every source, test and script that the documentation names exists", () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: object };
  const faults = [...pages.keys()].flatMap((page) => {
    const text = readFileSync(root + page, "utf8");
    // vitest takes the beginning of a path too.
    const paths = [...text.matchAll(/(?<![\w./-])(?:src|test|bench|bin)\/[\w./-]*\w/g)].map(([path]) => path);
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name);
    return [
      ...paths.filter((path) => !existsSync(root + path) && !files.some((file) => file.startsWith(path))),
      ...named.filter((name) => !Object.hasOwn(scripts, name)),
    ].map((name) => `${page}: ${name}`);
  });
  expect(faults).toEqual([]);
});

test("nothing refers to a document outside the repository", () => {
  const outside = /\b(?:API|CLI|DESIGN|TERMINAL|STYLE)(?:\.md\b|\s*§)/;
  const faults = files.flatMap((file) => {
    const lines = readFileSync(root + file, "utf8").split("\n");
    return lines.flatMap((line, i) => (outside.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : []));
  });
  expect(faults).toEqual([]);
});

/** The pages that list their sections at the top. */
const listing = [...pages.values()].flatMap(({ path, slugs, sections }) => {
  const [, list] = /^Contents: ([^]*?)\n\n/m.exec(readFileSync(root + path, "utf8")) ?? [];
  if (list === undefined) return [];
  return [
    {
      path,
      sections,
      slugs: [...slugs],
      contents: [...list.matchAll(/\(#([^)]+)\)/g)].map(([, slug = ""]) => slug),
    },
  ];
});

test.each(listing)("$path lists all of its sections, in their order", ({ slugs, sections, contents }) => {
  expect(contents).toEqual(slugs.filter((slug) => contents.includes(slug)));
  expect(sections.filter((slug) => !contents.includes(slug))).toEqual([]);
});
