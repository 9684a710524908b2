import { isRecord } from "../../../text/loose-json.ts";

/** More UTF-16 code units than these are not searched for what the log must not have. */
const MOST = 1024 * 1024;

/** All texts of a conversation except data such as images; undefined if they are very long. */
export function textsIn(messages: unknown): string[] | undefined {
  const texts: string[] = [];
  let length = 0;
  const add = (value: unknown): void => {
    if (typeof value === "string") {
      if (value.startsWith("data:")) return;
      length += value.length;
      if (length <= MOST) texts.push(value);
    } else if (Array.isArray(value)) value.forEach(add);
    else if (isRecord(value)) Object.values(value).forEach(add);
  };
  add(messages);
  return length <= MOST ? texts : undefined;
}
