import { parseUrl } from "../../../text/parse-url.ts";
import { proxiesIn } from "../../connection/dispatcher.ts";
import type { DoctorDocument } from "./document.ts";
import type { Finding, Report } from "./finding.ts";

/** An address without username and password. An invalid address is not shown, because it may contain both. */
function shown(proxy: string): string | null {
  if (proxy === "") return null;
  const url = parseUrl(proxy);
  return url === undefined ? "not an address" : `${url.protocol}//${url.host}`;
}

/** Reports the proxies. An unusable proxy is reported by the server check. */
export function lookAtProxy(env: Record<string, string | undefined>): Report<DoctorDocument["proxy"]> {
  const { http, https, none } = proxiesIn(env);
  const document = { http: shown(http), https: shown(https), none: none === "" ? null : none };
  const through = [
    ...(document.http === null ? [] : [`http through ${document.http}`]),
    ...(document.https === null ? [] : [`https through ${document.https}`]),
  ];
  const but = document.none === null ? "loopback" : `loopback, ${document.none}`;
  const text = through.length === 0 ? "none" : `${through.join(", ")}; straight: ${but}`;
  const finding: Finding = { about: "proxy", text, ...(through.length === 0 ? { note: true } : {}) };
  return { title: "Way", findings: [finding], document };
}
