/** What a question took, and the balance after it; whole tokens. */
interface Bill {
  charged: number;
  tokens: number;
}

/** The client left: there is nobody to tell. Never becomes a reply. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
  /** Where it left too late not to pay (API.md §4). */
  readonly bill: Bill | undefined;

  constructor(bill?: Bill) {
    super("the client left");
    this.bill = bill;
  }
}
