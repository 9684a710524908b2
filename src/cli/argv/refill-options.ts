import { REFILL_PATTERN, refillAmountOf, type RefillAmount } from "../../protocol/refill.ts";
import { LARGEST, whole, type Option } from "./option.ts";

const amount = {
  flag: "refill",
  value: "N/PERIOD",
  env: ["AI_CHAT_REFILL"],
  help: "tokens that an account gets each day, week or month: 1000/day",
} as const;

const refill: Option<RefillAmount | undefined> = {
  ...amount,
  shown: "off",
  fallback: undefined,
  parse: refillAmountOf,
  schema: { type: "string", pattern: REFILL_PATTERN },
  read: (value) => refillAmountOf(typeof value === "string" ? value : ""),
};

const cap = whole(
  {
    flag: "refill-cap",
    value: "TOKENS",
    env: ["AI_CHAT_REFILL_CAP"],
    help: "balance up to which a refill fills; or none",
    shown: "the starting tokens",
  },
  undefined,
  [0, LARGEST],
);

/** The number of `cap`, or `none`, which is null. */
const orNone = <T>(value: T, read: (value: T) => number | undefined): number | null | undefined => {
  if (value === "none") return null;
  try {
    return read(value);
  } catch (error) {
    throw new Error(`${(error as Error).message}, or none`, { cause: error });
  }
};

/** Refills of accounts (docs/accounts.md#refills). A cap that is undefined: the starting tokens. */
export const refillOptions = {
  refill,
  refillCap: {
    ...cap,
    parse: (text: string) => orNone(text, cap.parse),
    schema: { anyOf: [cap.schema, { const: "none" }] },
    read: (value: unknown) => orNone(value, cap.read),
  } satisfies Option<number | null | undefined> as Option<number | null | undefined>,
};
