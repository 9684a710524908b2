import { ApiError } from "../../../../src/server/core/api-error.ts";
import type { ChargeOutcome, HoldOutcome, HoldRequest, Ledger } from "../../../../src/server/core/ports.ts";

/** How a charge goes. */
export type ChargeFate = "charged" | "refused" | "expired";

/** A ledger of one account that writes down what is done to it. */
export interface FakeLedger extends Ledger {
  tokens: number;
  /** Holds that nobody has settled. */
  open: Set<string>;
  /** Every settlement that found its hold open, in order. */
  settlements: ("charged" | "released")[];
  /** Holds asked for. */
  requests: HoldRequest[];
  /** What the next holds come to, in order; then `held`. */
  outcomes: HoldOutcome[];
}

/** `fate` is that of every charge; with `releasesFail` every release rejects and leaves its hold. */
export function createFakeLedger(fate: ChargeFate = "charged", releasesFail = false): FakeLedger {
  const unavailable = () => new ApiError("store_unavailable", "The disk is full.");
  const paid = new Set<string>();
  const ledger: FakeLedger = {
    tokens: 4000,
    open: new Set(),
    settlements: [],
    requests: [],
    outcomes: [],
    balance: async () => ({ tokens: ledger.tokens, held: 0 }),
    grant: async () => ({ kind: "granted", balance: { tokens: ledger.tokens, held: 0 } }),
    usage: async () => [],
    async hold(request) {
      ledger.requests.push(request);
      const outcome = ledger.outcomes.shift() ?? { kind: "held" };
      if (outcome.kind === "held" || outcome.kind === "paid") ledger.open.add(request.id);
      if (outcome.kind === "paid") paid.add(request.id);
      return outcome;
    },
    async charge(id): Promise<ChargeOutcome> {
      if (fate === "refused") throw unavailable();
      if (fate === "expired") return { kind: "expired" };
      if (ledger.open.delete(id)) {
        ledger.settlements.push("charged");
        if (!paid.has(id)) ledger.tokens -= 100;
      }
      return { kind: "charged", balance: { tokens: ledger.tokens, held: 0 } };
    },
    async release(id) {
      if (releasesFail) throw unavailable();
      if (ledger.open.delete(id)) ledger.settlements.push("released");
    },
  };
  return ledger;
}
