import { ClientError } from "../client/failure.ts";
import { accountMade } from "../client/new-login.ts";
import type { Account } from "./account.ts";
import { troubleLines, waitWords } from "./failure.ts";
import { nextForm, type Form } from "./form.ts";
import { counted } from "../text/numbers.ts";
import { questionsLeft } from "./money.ts";
import type { Room } from "./room.ts";

interface Credentials {
  username: string;
  password: string;
  invite?: string;
}

interface SigningInOptions {
  account: Pick<Account, "tryBalance">;
  /** Runs work that must end before a question is sent. */
  load: (work: () => Promise<boolean>) => Promise<boolean>;
  /** Called after a login; resolves to whether what was typed meanwhile may be sent. */
  onSignedIn: (isAccepted: boolean) => Promise<boolean>;
}

/** Registers or logs in with the values of the form, and prints the result; errors go back into the form. */
export function createSigningIn(room: Room, { account, load, onSignedIn }: SigningInOptions) {
  const refuse = (error: unknown, form: Form, { password }: Credentials) => {
    const failure = error instanceof ClientError ? error : undefined;
    const refused = nextForm(form, {
      type: "refused",
      error: failure === undefined ? "Something in this program went wrong." : words(failure),
      step: stepFor(failure),
      // If only the name or the code is wrong, the password need not be typed again.
      password: isNameAlone(failure) || failure?.code === "invalid_invite" ? password : "",
    });
    room.dispatch({ type: "form", form: refused.form });
  };

  /** Resolves to whether the server accepts the token, as far as it is known. */
  const greet = async ({ purpose }: Form, username: string): Promise<boolean> => {
    room.dispatch({ type: "signedIn", username });
    const refusal = await account.tryBalance();
    if (refusal) {
      room.note("error", ...troubleLines(refusal));
      return false;
    }
    const { tokens, price } = room.state();
    const left = questionsLeft({ tokens, price });
    const parts = [
      purpose === "register" ? `Welcome, ${username}` : `Logged in as ${username}`,
      ...(tokens === null ? [] : [counted(tokens, "token")]),
      ...(left === null ? [] : [counted(left, "question")]),
    ];
    room.note("dim", parts);
    const madeDefault = await room.connection.makeDefault?.();
    if (madeDefault !== undefined) room.note("dim", madeDefault);
    return true;
  };

  return {
    async send(form: Form, credentials: Credentials): Promise<void> {
      const { username } = credentials;
      let tried = form;
      try {
        if (form.purpose === "register") {
          await room.client.register(credentials);
          // The account exists now: another try must log in, not register again.
          tried = { ...form, purpose: "login" };
        }
        const { token } = await room.client.login({ username, password: credentials.password });
        await room.saveLogin({ username, token, given: room.wallClock() });
      } catch (error) {
        return refuse(tried === form ? error : accountMade(error), tried, credentials);
      }
      await load(async () => {
        return onSignedIn(await greet(form, username));
      });
    },
  };
}

function words({ fields = [], message, remedy }: ClientError): string {
  const [field, ...others] = fields;
  if (field && others.length === 0) return field.detail;
  if (remedy?.kind !== "wait_seconds") return message;
  // Messages from a server may end without a full stop.
  return `${message.replace(/[^.!?…]$/, "$&.")} ${waitWords(remedy)}`;
}

/** The step of the field that must be changed. */
function stepFor(error: ClientError | undefined): Form["step"] {
  if (error?.code === "invalid_invite") return "invite";
  if (error?.code === "registration_closed") return "choose";
  return isNameAlone(error) || hasField(error, "username") ? "username" : "password";
}

function isNameAlone(error: ClientError | undefined): boolean {
  return error?.code === "username_taken" || (hasField(error, "username") && !hasField(error, "password"));
}

function hasField(error: ClientError | undefined, name: string): boolean {
  return error?.fields?.some((field) => field.field === name) === true;
}
