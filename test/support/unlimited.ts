import type { Limit } from "../../src/server/core/ports.ts";

/** Allows everything. */
export const unlimited: Limit = { take: async () => async () => {}, clear: async () => {} };
