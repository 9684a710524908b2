/** What is known of an account's money; null is "the server didn't say". */
export interface Money {
  tokens: number | null;
  price: number | null;
}

/** From here on the session warns. */
const FEW_QUESTIONS = 10;

const format = new Intl.NumberFormat("en-US");

/** `3,900` */
export function commas(number: number): string {
  return format.format(number);
}

/** `1 token`, `3,900 tokens` */
export function counted(number: number, noun: string): string {
  return `${commas(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** How many questions the balance pays for, where both balance and price are known. */
export function questionsLeft({ tokens, price }: Money): number | null {
  return tokens === null || price === null || price <= 0 ? null : Math.floor(tokens / price);
}

/** What stands under an answer: `100 tokens · 3,800 left`. Parts that aren't known are left out. */
export function costLine(cost: number | null, tokens: number | null, dot: string): string {
  return [cost === null ? "" : counted(cost, "token"), tokens === null ? "" : `${commas(tokens)} left`]
    .filter((part) => part !== "")
    .join(` ${dot} `);
}

/** A warning at ten questions left, at one, and at none; else undefined. */
export function lowWarning(money: Money): string | undefined {
  const left = questionsLeft(money);
  if (left === null || left > FEW_QUESTIONS) return undefined;
  if (left === 0) return "No question left: the balance is below the price of one.";
  return left === FEW_QUESTIONS || left === 1 ? `${counted(left, "question")} left.` : undefined;
}
