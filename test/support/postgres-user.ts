import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import type { Places } from "./postgres-places.ts";

/**
 * Creates a user of the place, with the same name and these rights on the tables, and returns the URL by which a server
 * connects as this user. Only for a PostgreSQL that the tests started.
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
