/** What fails was not judged, or made nothing: it does not count. */
export async function giveBackOnFailure<T>(giveBack: () => Promise<void>, act: () => Promise<T>): Promise<T> {
  return act().catch(async (error: unknown) => {
    await giveBack();
    throw error;
  });
}
