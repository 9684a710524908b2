/** A login that this machine keeps for one server. `username` is null where only a token is known (`AI_CHAT_TOKEN`). */
export interface Entry {
  username: string | null;
  token: string;
  /** Of the environment (`AI_CHAT_TOKEN`), not kept here: `/logout` leaves it valid. */
  isBorrowed?: boolean;
}
