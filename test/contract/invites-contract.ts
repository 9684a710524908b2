import { describe, expect, it } from "vitest";
import type { NewInvite } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { useStore, type StoreFixture } from "./store-fixture.ts";

const HOUR = 60 * 60 * 1000;

/** What every store promises about invitations. One suite, run unchanged against each. */
export function invitesContract(name: string, place: () => Promise<StoreFixture>): void {
  describe(`invitations in ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;

    const { restart } = useStore(place, (opened) => ({ fixture, store } = opened));

    const invite = (id: string, more: Partial<NewInvite> = {}): NewInvite => ({
      id,
      digest: `digest of ${id}`,
      tokens: null,
      uses: 1,
      expires: fixture.now() + HOUR,
      ...more,
    });

    const register = (username: string, id: string, tokens = 4000) =>
      store.accounts.create({ name: username, passwordHash: "$2b$hash", tokens, invite: id });

    const kinds = async (made: Promise<{ kind: string }>[]) =>
      (await Promise.all(made)).map(({ kind }) => kind).sort();

    const listed = async () => (await store.invites.list()).map(({ id, used, state }) => [id, used, state]);

    it("are found by digest and listed oldest first, as they were made, across a restart", async () => {
      await store.invites.create([invite("b", { tokens: 0, uses: 3 }), invite("c", { tokens: 9000 })]);
      await fixture.advance(1000);
      await store.invites.create([invite("a")]);
      const before = await store.invites.list();
      expect(before.map(({ id }) => id)).toEqual(["b", "c", "a"]);
      const { id, tokens, uses, used, state } = (await store.invites.byDigest("digest of b"))!;
      expect({ id, tokens, uses, used, state }).toEqual({
        id: "b",
        tokens: 0,
        uses: 3,
        used: 0,
        state: "valid",
      });
      expect(before[2]!.tokens).toBe(null);
      expect(before[2]!.expires - before[2]!.at).toBe(HOUR);
      expect(await store.invites.byDigest("b")).toBeUndefined();
      await restart();
      expect(await store.invites.list()).toEqual(before);
    });

    it("of one request have each an id and a digest of their own, or none is made", async () => {
      for (const other of [invite("a", { digest: "other" }), invite("b", { digest: "digest of a" })])
        expect(await store.invites.create([invite("a"), other])).toEqual({ kind: "taken" });
      await restart();
      expect(await listed()).toEqual([]);
    });

    it("are made once if the same ones are made again, and all or none if another has an id or a digest", async () => {
      const two = [invite("a"), invite("b")];
      expect(await kinds([store.invites.create(two), store.invites.create(two)])).toEqual([
        "created",
        "created",
      ]);
      for (const other of [invite("a", { digest: "other" }), invite("other", { digest: "digest of b" })]) {
        expect(await store.invites.create([invite("c"), other])).toEqual({ kind: "taken" });
        expect(await store.invites.create([invite("a", { uses: 2 })])).toEqual({ kind: "taken" });
      }
      expect(await listed()).toEqual([
        ["a", 0, "valid"],
        ["b", 0, "valid"],
      ]);
    });

    it("make one account for each use, however many registrations come at once", async () => {
      await store.invites.create([invite("one"), invite("three", { uses: 3 })]);
      const names = Array.from({ length: 20 }, (_, at) => `user${at}`);
      const made = await kinds(names.map((username) => register(username, "one", 50)));
      expect(made).toEqual(["created", ...Array<string>(19).fill("invalid_invite")]);
      const more = await kinds(names.map((username) => register(`x${username}`, "three", 50)));
      expect(more.filter((kind) => kind === "created")).toHaveLength(3);
      expect(await listed()).toEqual([
        ["one", 1, "used_up"],
        ["three", 3, "used_up"],
      ]);
      const exist = await Promise.all(
        names.flatMap((username) => [username, `x${username}`]).map((each) => store.accounts.byName(each)),
      );
      expect(exist.filter((account) => account !== undefined)).toHaveLength(4);
      await restart();
      expect((await register("late", "one")).kind).toBe("invalid_invite");
      expect(await store.accounts.byName("late")).toBeUndefined();
    });

    it("lose no use to a name that is taken, also by a registration at the same moment", async () => {
      await store.invites.create([invite("a", { uses: 20 })]);
      const made = await kinds(Array.from({ length: 8 }, () => register("Jane", "a")));
      expect(made).toEqual(["created", ...Array<string>(7).fill("taken")]);
      expect((await register("jane", "a")).kind).toBe("taken");
      expect(await listed()).toEqual([["a", 1, "valid"]]);
    });

    it("give an account its tokens", async () => {
      await store.invites.create([invite("a", { tokens: 70 })]);
      const made = await register("jane", "a", 70);
      expect(made.kind).toBe("created");
      const { id } = (await store.accounts.byName("jane"))!;
      expect(await store.ledger.balance(id)).toEqual({ tokens: 70, held: 0 });
    });

    it("are not valid once they have expired, and stay in the list", async () => {
      await store.invites.create([invite("a", { uses: 2 })]);
      expect((await register("jane", "a")).kind).toBe("created");
      await fixture.advance(HOUR);
      expect((await register("joe", "a")).kind).toBe("invalid_invite");
      await restart();
      expect(await listed()).toEqual([["a", 1, "expired"]]);
    });

    it("are revoked once, by id or digest; the accounts stay", async () => {
      await store.invites.create([invite("a", { uses: 2 }), invite("b")]);
      expect((await register("jane", "a")).kind).toBe("created");
      const byId = { id: "a", digest: "no digest" };
      expect(await kinds([store.invites.revoke(byId), store.invites.revoke(byId)])).toEqual([
        "repeated",
        "revoked",
      ]);
      expect(await store.invites.revoke({ id: "no id", digest: "digest of b" })).toEqual({
        kind: "revoked",
        id: "b",
      });
      expect(await store.invites.revoke({ id: "c", digest: "no digest" })).toEqual({ kind: "unknown" });
      expect((await register("joe", "a")).kind).toBe("invalid_invite");
      await restart();
      expect((await register("joe", "b")).kind).toBe("invalid_invite");
      expect(await listed()).toEqual([
        ["a", 1, "revoked"],
        ["b", 0, "revoked"],
      ]);
      expect(await store.accounts.byName("jane")).toBeDefined();
    });

    it("that were never made are not valid", async () => {
      expect((await register("jane", "a")).kind).toBe("invalid_invite");
      expect(await store.accounts.byName("jane")).toBeUndefined();
      expect((await store.accounts.create({ name: "jane", passwordHash: "x", tokens: 5 })).kind).toBe(
        "created",
      );
    });
  });
}
