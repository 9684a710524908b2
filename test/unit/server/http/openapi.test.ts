import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { FieldError, Problem } from "../../../../src/protocol/errors.ts";
import type { RefillSetting } from "../../../../src/protocol/refill.ts";
import type {
  AboutReply,
  ApiKeyReply,
  ApiKeysReply,
  BalanceReply,
  ChatReply,
  DayReply,
  DeltaEvent,
  DoneEvent,
  LoginReply,
  ModelsReply,
  NamedUse,
  PasswordReply,
  ReasoningEvent,
  RegisterReply,
  UsageReply,
} from "../../../../src/protocol/replies.ts";
import { routeTable, type AppNeeds } from "../../../../src/server/http/app.ts";
import { openApiDocument, pathOf } from "../../../../src/server/http/openapi/document.ts";
import type { replySchemas } from "../../../../src/server/http/openapi/replies.ts";
import { root } from "../../../support/pages.ts";

const { version, homepage } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  version: string;
  homepage: string;
};
const document = openApiDocument({ version, repository: homepage.replace(/#.*/, "") });
const text = `${JSON.stringify(document, undefined, 2)}\n`;

test("docs/openapi.json is the document that the program makes", async () => {
  await expect(text).toMatchFileSnapshot(`${root}docs/openapi.json`);
});

test("it has each route of the server, and no other", () => {
  const needs = { signIn: {}, questions: {}, store: { apiKeys: {} }, openApi: {} } as AppNeeds;
  const served = routeTable(needs).map(([method, path]) => `${method} ${pathOf(path)}`);
  const documented = Object.entries(document["paths"] as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(documented.sort()).toEqual(served.sort());
});

test("Redocly's recommended rules hold, its warnings included", async () => {
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: text, absoluteRef: "/openapi.json", config });
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
});

test("its examples of errors have the status and a code of their replies", () => {
  type Node = Record<string, any>;
  const { paths, components } = document as { paths: Record<string, Node>; components: Node };
  const follow = ({ $ref, ...node }: Node): Node =>
    $ref ? components[$ref.split("/").at(-2)][$ref.split("/").at(-1)] : node;
  const wrong = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).flatMap(({ responses }: Node) =>
      Object.entries<Node>(responses).flatMap(([status, given]) => {
        const { description, content = {} } = follow(given);
        const examples = Object.values<Node>(content).flatMap(({ examples = {} }) =>
          Object.values<Node>(examples),
        );
        return examples
          .map((example) => follow(example)["value"])
          .filter(
            ({ error, code = error.code, status: its = Number(status) }: Node) =>
              its !== Number(status) || !description.includes(`\`${code}\``),
          )
          .map((value) => `${path} ${status}: ${JSON.stringify(value)}`);
      }),
    ),
  );
  expect(wrong).toEqual([]);
});

interface Sent {
  RegisterReply: RegisterReply;
  LoginReply: LoginReply;
  ChatReply: ChatReply;
  ModelsReply: ModelsReply;
  ModelLimits: AboutReply["limits"];
  BalanceReply: BalanceReply;
  UsageReply: UsageReply;
  UsageDay: DayReply;
  NamedUse: NamedUse;
  PasswordReply: PasswordReply;
  ApiKeyReply: ApiKeyReply;
  ApiKeysReply: ApiKeysReply;
  ServerInformation: AboutReply;
  Refill: RefillSetting;
  DeltaEvent: DeltaEvent;
  ReasoningEvent: ReasoningEvent;
  DoneEvent: DoneEvent;
  FieldError: FieldError;
  Problem: Problem;
}

test("its schemas of replies have the types that the server sends, which tsc checks", () => {
  type Documented = { [Name in keyof typeof replySchemas]: z.output<(typeof replySchemas)[Name]> };
  expectTypeOf<Documented>().toEqualTypeOf<Sent>();
});
