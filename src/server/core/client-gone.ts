/** What a request took, and the balance after it; whole tokens. */
export interface Bill {
  charged: number;
  tokens: number;
}

/** The client left, so there is nobody to reply to. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
  /** If it left after its first delta, when the question is charged (docs/http-api.md#charging). */
  readonly bill: Bill | undefined;

  constructor(bill?: Bill) {
    super("the client left");
    this.bill = bill;
  }
}
