import { counted } from "../text/numbers.ts";

/** What is known of an account's money; null is "the server didn't say". */
export interface Money {
  tokens: number | null;
  price: number | null;
}

/** From here on the session warns. */
const FEW_QUESTIONS = 10;

/** How many questions the balance pays for, where both balance and price are known. */
export function questionsLeft({ tokens, price }: Money): number | null {
  return tokens === null || price === null || price <= 0 ? null : Math.floor(tokens / price);
}

/** What an answer cost; [] if that is not known. */
export const costWords = (cost: number | null): string[] => (cost === null ? [] : [counted(cost, "token")]);

/** A warning at ten questions left, at one, and at none; else undefined. */
export function lowWarning(money: Money): string | undefined {
  const left = questionsLeft(money);
  if (left === null || left > FEW_QUESTIONS) return undefined;
  if (left === 0) return "No question left: the balance is below the price of one.";
  return left === FEW_QUESTIONS || left === 1 ? `${counted(left, "question")} left.` : undefined;
}
