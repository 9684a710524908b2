import type { Registration } from "../../protocol/replies.ts";
import { ApiError } from "./api-error.ts";
import type { ApiKeys } from "./api-keys.ts";
import { foldName } from "./fold-name.ts";
import { giveBackOnFailure } from "./give-back.ts";
import { digestOfCode } from "./invite-code.ts";
import { createKeySignIn, disabledAccount, endedKey } from "./key-sign-in.ts";
import { knownDigest } from "./known-address.ts";
import type { Claims, KeyClaims, Session } from "./session.ts";
import type { CountGuess } from "./login-limits.ts";
import type { Passwords, TokenClaims, Tokens } from "./credentials.ts";
import type {
  Account,
  Accounts,
  Admission,
  HoldOutcome,
  HoldRequest,
  Invite,
  Invites,
  Ledger,
  Limit,
} from "./ports.ts";
import type { StopSignal } from "./stop.ts";

interface Credentials {
  username: string;
  password: string;
}

/** Who sends a password. */
export interface Sender {
  /** See `ClientAddresses`. */
  address: string;
  /** Aborted when the client goes away: a call that waits for the hash of its password then rejects with its reason. */
  signal?: StopSignal;
  /** Called with the name of the account before its password is compared. Never for an unknown name. */
  onAccount?: (name: string) => void;
}

/**
 * Registration, login, and the check of a token. What compares a password rejects with `rate_limited` if too many were
 * wrong.
 */
export interface SignIn {
  /** Throws `registration_closed`. */
  assertOpen(): void;
  /**
   * The valid invitation with this code; undefined without a code where none is needed. Rejects with `invalid_invite`, or
   * with `rate_limited` after too many wrong codes.
   */
  invited(code: string | undefined, sender: Sender): Promise<Invite | undefined>;
  /**
   * Rejects with `rate_limited`, with `username_taken`, or with `invalid_invite` if the invitation has no use left by now;
   * resolves once the account, its grant and its use of the invitation are durable.
   */
  register(credentials: Credentials, invite: Invite | undefined, sender: Sender): Promise<{ tokens: number }>;
  /** Rejects with `invalid_credentials` after the same work for an unknown name and a wrong password, or `account_disabled`. */
  login(credentials: Credentials, sender: Sender): Promise<{ token: string }>;
  /** Rejects with `invalid_token`, `expired_token` or `account_disabled`. */
  authenticate(token: string): Promise<Session>;
  /** The first half of `authenticate`, without the store: throws `invalid_token` or `expired_token`. */
  verify(token: string): TokenClaims;
  /** The second half of `authenticate`. Looks an API key up again. */
  confirm(claims: Claims): Promise<Session>;
  /** As `authenticate`, for an API key. What is no API key by its form is not looked up. */
  findKey(key: string): Promise<Session>;
  /** Whose API key it is. Whether it may ask is for `admit` to say; absent without it. Rejects with `invalid_token`. */
  recognizeKey?: ((key: string) => Promise<KeyClaims>) | undefined;
  /**
   * The second half of `authenticate`, and a hold, in one step of the store. Resolves to the account's name and the outcome
   * of the hold. Absent if the store has no such step.
   */
  admit?: (claims: Claims, request: HoldRequest) => Promise<{ name: string; outcome: HoldOutcome }>;
  /** A hold for an API key whose account was checked, where there is no `admit`. */
  holdByKey(claims: KeyClaims, request: HoldRequest): Promise<HoldOutcome>;
  /** Revokes this one token. Questions that were asked with it go on. Rejects with `key_not_allowed` for an API key. */
  logout(session: Session): Promise<void>;
  /**
   * Sets a new password; all tokens of the account become invalid but the new one, with `endsKeys` its API keys, too. Rejects with `invalid_credentials`
   * for a wrong old password, and with `invalid_token` if another password was set in the meantime.
   */
  changePassword(
    session: Session,
    passwords: { password: string; newPassword: string; endsKeys?: boolean | undefined },
    sender: Sender,
  ): Promise<{ token: string }>;
}

interface Needs {
  accounts: Accounts;
  invites: Pick<Invites, "byDigest">;
  /** Who may register, now. */
  registration: () => Registration;
  passwords: Passwords;
  tokens: Tokens;
  /** Tokens of a new account, now. */
  startingTokens: () => number;
  ledger: Pick<Ledger, "admit" | "hold">;
  /** Undefined: the store keeps none. */
  apiKeys: ApiKeys | undefined;
  now: () => number;
  countGuess: CountGuess;
  /** Of accounts that are made without an invitation from one address. */
  registrations: Limit;
  /** Of codes that no valid invitation has, from one address. */
  wrongCodes: Limit;
  /** Of names that are taken, from one address. */
  takenNames: Limit;
}

/** For what an API key may not do (docs/http-api.md#api-keys). */
export const keyNotAllowed = () =>
  new ApiError(
    "key_not_allowed",
    "An API key can ask, list the models, and read the balance and the usage. For everything else log in.",
  );

/** See {@link SignIn}. */
export function createSignIn(needs: Needs): SignIn {
  const { accounts, invites, registration, passwords, tokens, startingTokens, ledger, apiKeys, now } = needs;
  const { countGuess, registrations, wrongCodes, takenNames } = needs;
  const ended = () => new ApiError("invalid_token", "This token is no longer valid. Log in again.");
  const taken = () => new ApiError("username_taken", "This username is taken. Choose another one.");

  const noInvite = () =>
    new ApiError(
      "invalid_invite",
      "To register here you need the code of an invitation. Ask the operator of this server for one.",
    );
  const invalidInvite = () =>
    new ApiError(
      "invalid_invite",
      "This invitation is not valid: its code is wrong, or it is used up, expired or revoked.",
    );

  const { confirmKey, findKey, recognizeKey } = createKeySignIn({ apiKeys, now });

  async function confirm(claims: Claims): Promise<Session> {
    if ("apiKey" in claims) return confirmKey(claims.digest);
    const session = await accounts.session(claims.account, claims.jti);
    if (!session || session.revoked || session.account.generation !== claims.generation) {
      throw ended();
    }
    if (session.account.disabled) throw disabledAccount();
    return { account: session.account, claims };
  }

  const admit: SignIn["admit"] = async (claims, request) => {
    const isKey = "apiKey" in claims;
    const admission: Admission = isKey
      ? await ledger.admit!("api_key", { ...request, apiKey: claims.apiKey })
      : await ledger.admit!(claims, request);
    if (admission.kind === "ended") throw isKey ? endedKey() : ended();
    if (admission.kind === "disabled") throw disabledAccount();
    return admission;
  };

  /** A login at an address makes it known. A store that cannot keep it must not fail the login. */
  async function remember({ id }: Pick<Account, "id">, { address }: Sender): Promise<void> {
    if (address !== "") await accounts.remember(id, knownDigest(id, address)).catch(() => {});
  }

  /** Whether a password is right. Wrong ones are counted, also those of unknown names. */
  async function check(
    { name, password, account }: { name: string; password: string; account: Account | undefined },
    { address, signal }: Sender,
    signedIn: boolean,
  ): Promise<boolean> {
    const id = account?.id ?? "";
    const known = await accounts.knows(id, knownDigest(id, address));
    const counted = await countGuess({ name, address, known });
    const turn = { address, name: foldName(name), known: known || signedIn, signal };
    const matched = passwords.matches(password, account?.passwordHash, turn);
    const matches = await matched.catch(async (error: unknown) => {
      await counted.giveBack();
      throw error;
    });
    if (matches) await counted.succeed();
    return matches;
  }

  /** Counted before the name is looked up, so that a burst learns no more. */
  async function checkFree(username: string, { address }: Sender): Promise<void> {
    const giveBack = await takenNames.take(address);
    if (await giveBackOnFailure(giveBack, () => accounts.byName(username))) throw taken();
    await giveBack();
  }

  async function makeAccount(
    { username, password }: Credentials,
    invite: Invite | undefined,
    sender: Sender,
  ) {
    await checkFree(username, sender);
    const passwordHash = await passwords.hash(password, { ...sender, name: foldName(username) });
    const granted = invite?.tokens ?? startingTokens();
    const outcome = await accounts.create({
      name: username,
      passwordHash,
      tokens: granted,
      invite: invite?.id,
    });
    if (outcome.kind === "taken") throw taken();
    if (outcome.kind === "invalid_invite") throw invalidInvite();
    await remember(outcome.account, sender);
    return { tokens: granted };
  }

  return {
    verify: (token) => tokens.verify(token),
    confirm,
    authenticate: async (token) => confirm(tokens.verify(token)),
    findKey,
    ...(ledger.admit && { admit, recognizeKey }),
    holdByKey: ({ apiKey }, request) => ledger.hold({ ...request, apiKey }),

    assertOpen() {
      if (registration() !== "closed") return;
      throw new ApiError("registration_closed", "This server takes no new accounts.");
    },

    async invited(code, { address }) {
      if (code === undefined || code.trim() === "") {
        if (registration() === "invite") throw noInvite();
        return undefined;
      }
      const giveBack = await wrongCodes.take(address);
      const invite = await giveBackOnFailure(giveBack, () => invites.byDigest(digestOfCode(code)));
      if (invite?.state !== "valid") throw invalidInvite();
      await giveBack();
      return invite;
    },

    async register(credentials, invite, sender) {
      if (invite) return makeAccount(credentials, invite, sender);
      // Before the hash, so that a parallel burst makes no more accounts than a slow one.
      const giveBack = await registrations.take(sender.address);
      return giveBackOnFailure(giveBack, () => makeAccount(credentials, invite, sender));
    },

    async login({ username, password }, sender) {
      const account = await accounts.byName(username);
      if (account) sender.onAccount?.(account.name);
      const matches = await check({ name: username, password, account }, sender, false);
      if (!account || !matches) {
        throw new ApiError("invalid_credentials", "The username or the password is wrong.");
      }
      if (account.disabled) throw disabledAccount();
      await remember(account, sender);
      return { token: tokens.issue(account) };
    },

    async logout({ claims }) {
      if ("apiKey" in claims) throw keyNotAllowed();
      const { account, jti, expires } = claims;
      await accounts.revoke({ account, jti, expires });
    },

    async changePassword({ account }, { password, newPassword, endsKeys }, sender) {
      const { id, name, generation } = account;
      if (!(await check({ name, password, account }, sender, true)))
        throw new ApiError("invalid_credentials", "The present password is wrong.");
      const hash = await passwords.hash(newPassword, { ...sender, name: foldName(name), known: true });
      const outcome = await accounts.setPassword({
        account: id,
        generation,
        passwordHash: hash,
        endsKeys,
      });
      if (outcome.kind === "changed") throw ended();
      return { token: tokens.issue(outcome.account) };
    },
  };
}
