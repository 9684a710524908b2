import type { Room } from "../../../../src/server/core/answers.ts";

/** There is always room. */
export const endlessRoom: Room = { most: Infinity, take: () => true, give: () => {} };
