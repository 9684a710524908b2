import type { StoreMeter, StoreState } from "../../src/server/core/store-meter.ts";

/** A meter that keeps what it got. */
export interface RecordedMeter extends StoreMeter {
  grantedTokens: number;
  takenTokens: number;
  /** By model. */
  chargedTokens: Map<string, number>;
  /** Facts of each batch. */
  batches: number[];
  /** Number of writes. */
  writes: number;
  state: StoreState | undefined;
  /** What the figures say that all balances together have gained. */
  gained(): number;
}

/** See {@link RecordedMeter}. */
export function recordMeter(): RecordedMeter {
  const meter: RecordedMeter = {
    grantedTokens: 0,
    takenTokens: 0,
    chargedTokens: new Map(),
    batches: [],
    writes: 0,
    state: undefined,
    granted: (tokens) => (meter.grantedTokens += tokens),
    taken: (tokens) => (meter.takenTokens += tokens),
    charged: (model, tokens) =>
      meter.chargedTokens.set(model, (meter.chargedTokens.get(model) ?? 0) + tokens),
    batch: (facts) => meter.batches.push(facts),
    wrote: () => (meter.writes += 1),
    watch: (state) => (meter.state = state),
    gained() {
      const charged = [...meter.chargedTokens.values()].reduce((sum, tokens) => sum + tokens, 0);
      return meter.grantedTokens - meter.takenTokens - charged;
    },
  };
  return meter;
}
