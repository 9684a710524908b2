import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import type { Places } from "./postgres-places.ts";

/**
 * A user of the place, which is its name as well, with these rights on the tables, and the URL of a server that
 * connects as this user. For a PostgreSQL of the tests' own.
 */
export async function createUser(
  { place, closers }: Places,
  { rights = "ALL", attributes = "" } = {},
): Promise<{ url: string; name: string }> {
  await (await openPostgresStore({ url: place.url, warn: () => {} })).close();
  const { name } = place;
  const url = new URL(place.url);
  url.username = name;
  await place.query(`CREATE ROLE ${name} LOGIN ${attributes}`);
  closers.push(() => place.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`));
  await place.query(`GRANT USAGE ON SCHEMA ${name} TO ${name}`);
  await place.query(`GRANT ${rights} ON ALL TABLES IN SCHEMA ${name} TO ${name}`);
  return { url: url.href, name };
}
