import { ApiError } from "./api-error.ts";
import type { Account, Accounts, Passwords, Tokens } from "./ports.ts";

interface Credentials {
  username: string;
  password: string;
}

/** Who may ask: registering, logging in, and what a token is worth at this moment. */
export interface SignIn {
  /** Rejects with `username_taken`; resolves once the account and its grant are durable. */
  register(credentials: Credentials): Promise<{ tokens: number }>;
  /** Rejects with `invalid_credentials` after the same work for an unknown name and a wrong password, or `account_disabled`. */
  login(credentials: Credentials): Promise<{ token: string }>;
  /** Rejects with `invalid_token`, `expired_token` or `account_disabled`. */
  authenticate(token: string): Promise<Account>;
}

interface Needs {
  accounts: Accounts;
  passwords: Passwords;
  tokens: Tokens;
  startingTokens: number;
}

const disabled = () =>
  new ApiError("account_disabled", "This account is disabled. Ask the operator of this server.");

/** See {@link SignIn}. */
export function createSignIn({ accounts, passwords, tokens, startingTokens }: Needs): SignIn {
  const taken = () => new ApiError("username_taken", "This username is taken. Choose another one.");

  return {
    async register({ username, password }) {
      if (await accounts.byName(username)) throw taken();
      const passwordHash = await passwords.hash(password);
      const outcome = await accounts.create({ name: username, passwordHash, tokens: startingTokens });
      if (outcome.kind === "taken") throw taken();
      return { tokens: startingTokens };
    },

    async login({ username, password }) {
      const account = await accounts.byName(username);
      const matches = await passwords.matches(password, account?.passwordHash);
      if (!account || !matches) {
        throw new ApiError("invalid_credentials", "The username or the password is wrong.");
      }
      if (account.disabled) throw disabled();
      return { token: tokens.issue(account) };
    },

    async authenticate(token) {
      const claims = tokens.verify(token);
      const session = await accounts.session(claims.account, claims.jti);
      if (!session || session.revoked || session.account.generation !== claims.generation) {
        throw new ApiError("invalid_token", "This token is no longer valid. Log in again.");
      }
      if (session.account.disabled) throw disabled();
      return session.account;
    },
  };
}
