import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lexer, walkTokens, type Tokens } from "marked";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A fenced block. `line` is that of its opening fence, from 1. */
export interface Fence {
  info: string;
  text: string;
  line: number;
}

/** A page of documentation. */
export interface Page {
  /** Relative to the repository's folder: `docs/cli.md`. */
  path: string;
  /** Slugs of its headings, as GitHub makes them. */
  slugs: Set<string>;
  /** Slugs of its headings of the second level. */
  sections: string[];
  /** Targets of its links and pictures. */
  links: string[];
  fences: Fence[];
  /** The cells of its tables without their first row, by the slug of the heading above. */
  tables: Map<string, string[][]>;
}

/** The paths of all pages: those in the repository's folder, in `docs` and in `ops`. */
export function pagePaths(): string[] {
  const pages = (folder: string) =>
    readdirSync(root + folder)
      .filter((name) => name.endsWith(".md"))
      .map((name) => folder + name);
  return ["", "docs/", "ops/"].flatMap(pages);
}

export function readPage(path: string): Page {
  const source = readFileSync(root + path, "utf8");
  const page: Page = { path, slugs: new Set(), sections: [], links: [], fences: [], tables: new Map() };
  let from = 0;
  let heading = "";
  void walkTokens(lexer(source), (token) => {
    if (token.type === "heading") {
      const slug = free(page.slugs, slugOf(token["text"] as string));
      page.slugs.add(slug);
      heading = slug;
      if (token["depth"] === 2) page.sections.push(slug);
    }
    if (token.type === "link" || token.type === "image") page.links.push(token["href"] as string);
    if (token.type === "table") {
      const rows = (token as Tokens.Table).rows.map((row) => row.map(({ text }) => text));
      page.tables.set(heading, [...(page.tables.get(heading) ?? []), ...rows]);
    }
    if (token.type !== "code") return;
    from = source.indexOf(token.raw, from);
    const line = source.slice(0, from).split("\n").length;
    page.fences.push({
      info: (token["lang"] as string | undefined) ?? "",
      text: token["text"] as string,
      line,
    });
    from += token.raw.length;
  });
  return page;
}

/** What stands between backticks. */
export const codeIn = (text = ""): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** The fragment by which GitHub links to a heading. */
function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

function free(taken: Set<string>, slug: string): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? slug : `${slug}-${n}`;
    if (!taken.has(name)) return name;
  }
}
