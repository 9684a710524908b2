import type { Places } from "../../../client/kept/places.ts";
import { writesSynchronously } from "../../../server/local.ts";
import type { DoctorDocument } from "./document.ts";
import type { Finding } from "./finding.ts";

/** Reports how the user's own server writes. The slower way is not a problem. */
export async function lookAtStore({
  server,
}: Places): Promise<{ findings: Finding[]; document: DoctorDocument["own_server"] }> {
  const synchronous = server === undefined ? null : await writesSynchronously(server);
  const text = "writes asynchronously: its folder is not on a local disk of Linux";
  return {
    findings: synchronous === false ? [{ about: "own server", text, note: true }] : [],
    document: { synchronous },
  };
}
