import { Client } from "pg";
import { expect, test } from "vitest";
import { readAddress } from "../../../../../src/server/stores/postgres/address.ts";

const sockets: [url: string, user: string, port: number, password?: string][] = [
  ["postgres://jane@/chat?host=/run/postgresql", "jane", 5432],
  ["postgres://jane:p%40+ss%25@/chat?host=%2Frun%2Fpostgresql&port=5433", "jane", 5433, "p@+ss%"],
  ["postgres://jane@%2Frun%2Fpostgresql:5433/chat", "jane", 5433],
  ["postgres://jane@localhost/chat?host=/run/postgresql", "jane", 5432],
  ["postgresql:///chat?host=/run/postgresql&user=jane", "jane", 5432],
];
test.each(sockets)("%s leads to a Unix socket", (url, user, port, password) => {
  const { connectionString, description } = readAddress(url);
  expect(description).toBe("Postgres database chat at /run/postgresql");
  const client = new Client({ connectionString });
  const read = [client.host, client.database, client.user, client.port];
  expect(read).toEqual(["/run/postgresql", "chat", user, port]);
  expect(client.password ?? undefined).toBe(password);
});

test.each([
  "postgres://jane:geheim@a,b/chat",
  "postgres://jane:geheim@a:5432,b:5433/chat",
  "postgres://jane:geheim@/chat?host=a,b",
  "postgres:///chat?host=a,b&password=geheim",
])("%s is refused, because a store has one host", (url) => {
  const read = () => readAddress(url);
  expect(read).toThrow("The store's URL names several hosts.");
  expect(read).not.toThrow("geheim");
});

test("a comma in a password is no second host", () => {
  expect(readAddress("postgres://jane:a,b@db/chat").description).toBe("Postgres database chat at db:5432");
});
