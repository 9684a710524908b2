/** The client left: there is nobody to tell. Never becomes a reply. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}
