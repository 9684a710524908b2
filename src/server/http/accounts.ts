import type { LoginBody, PasswordBody, RegisterBody } from "../../protocol/bodies.ts";
import {
  headers,
  type BalanceReply,
  type LoginReply,
  type PasswordReply,
  type RegisterReply,
} from "../../protocol/replies.ts";
import type { Ledger } from "../core/ports.ts";
import type { SignIn } from "../core/sign-in.ts";
import { stopWithClient } from "./client-signal.ts";
import { accountOf, sessionOf, type Middleware } from "./context.ts";
import { pushNext } from "./next-refill.ts";
import { headOf, replyJson } from "./reply.ts";
import type { Handler } from "./validate.ts";

/** Refuses a registration, before its body is read, where nobody may register. */
export function refuseIfClosed(signIn: SignIn): Middleware {
  return function refuseIfClosed(_ctx, next) {
    signIn.assertOpen();
    return next();
  };
}

/** The handler of `POST /api/register`. */
export function register(signIn: SignIn): Handler<RegisterBody> {
  return async function register(ctx, { username, password, invite }) {
    const { signal } = await stopWithClient(ctx.req, ctx.res);
    const sender = { address: ctx.state.address, signal };
    const invitation = await signIn.invited(invite ?? undefined, sender);
    const { tokens } = await signIn.register({ username, password }, invitation, sender);
    ctx.state.who = username;
    const reply: RegisterReply = { message: "User created successfully", tokens };
    replyJson(ctx, 201, reply);
  };
}

/** The handler of `POST /api/login`. */
export function logIn(signIn: SignIn): Handler<LoginBody> {
  return async function logIn(ctx, credentials) {
    const { signal } = await stopWithClient(ctx.req, ctx.res);
    const onAccount = (name: string) => void (ctx.state.who = name);
    const { token } = await signIn.login(credentials, { address: ctx.state.address, signal, onAccount });
    const reply: LoginReply = { token };
    replyJson(ctx, 200, reply);
  };
}

/** The handler of `POST /api/logout`. */
export function logOut(signIn: SignIn): Middleware {
  return async function logOut(ctx) {
    await signIn.logout(sessionOf(ctx));
    ctx.state.reply = { status: 204 };
  };
}

/** The handler of `POST /api/password`. */
export function changePassword(signIn: SignIn): Handler<PasswordBody> {
  return async function changePassword(ctx, { password, new_password: newPassword, revoke_keys: endsKeys }) {
    const { signal } = await stopWithClient(ctx.req, ctx.res);
    const sender = { address: ctx.state.address, signal };
    const { token } = await signIn.changePassword(
      sessionOf(ctx),
      { password, newPassword, endsKeys },
      sender,
    );
    const reply: PasswordReply = { token };
    replyJson(ctx, 200, reply);
  };
}

/** The handler of `GET /api/token_balance`. */
export function tellBalance(ledger: Ledger): Middleware {
  return async function tellBalance(ctx) {
    const { id, name } = accountOf(ctx);
    const { tokens, held, next } = await ledger.balance(id);
    headOf(ctx.res).push(headers.account, name, headers.held, String(held));
    pushNext(headOf(ctx.res), next);
    const reply: BalanceReply = { tokens };
    replyJson(ctx, 200, reply);
  };
}
