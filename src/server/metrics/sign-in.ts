import { Counter, Histogram, type Registry } from "prom-client";
import type { Passwords } from "../core/credentials.ts";
import type { SignIn } from "../core/sign-in.ts";
import { keep } from "./keep.ts";
import { failureLabel } from "./outcome.ts";

/** Counts registrations and logins. */
export function signInMetrics(registers: Registry[]) {
  const labelNames = ["outcome"] as const;
  const logins = new Counter({
    name: "ai_chat_logins_total",
    help: "Logins by outcome: ok, client_left, or the code of the error.",
    labelNames,
    registers,
  });
  const registrations = new Counter({
    name: "ai_chat_registrations_total",
    help: "Registrations by outcome: ok, client_left, or the code of the error.",
    labelNames,
    registers,
  });
  const seconds = new Histogram({
    name: "ai_chat_password_seconds",
    help: "Time to hash or to compare a password, the wait for a thread included.",
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const loginOf = keep((outcome) => logins.labels(outcome));
  const registrationOf = keep((outcome) => registrations.labels(outcome));
  for (const of of [loginOf, registrationOf]) of("ok").inc(0);

  /** Counts the failure of a step, which ends the request. */
  function countFailure(of: typeof loginOf, error: unknown): never {
    of(failureLabel(error)).inc();
    throw error;
  }

  async function timed<T>(work: Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work;
    seconds.observe((performance.now() - begun) / 1000);
    return result;
  }

  return {
    around: (signIn: SignIn): SignIn => ({
      ...signIn,
      assertOpen() {
        try {
          signIn.assertOpen();
        } catch (error) {
          countFailure(registrationOf, error);
        }
      },
      invited: (...given) =>
        signIn.invited(...given).catch((error: unknown) => countFailure(registrationOf, error)),
      async register(...given) {
        const made = await signIn
          .register(...given)
          .catch((error: unknown) => countFailure(registrationOf, error));
        registrationOf("ok").inc();
        return made;
      },
      async login(...given) {
        const login = await signIn.login(...given).catch((error: unknown) => countFailure(loginOf, error));
        loginOf("ok").inc();
        return login;
      },
    }),
    aroundPasswords: (passwords: Passwords): Passwords => ({
      hash: (...given) => timed(passwords.hash(...given)),
      matches: (...given) => timed(passwords.matches(...given)),
      close: () => passwords.close(),
    }),
  };
}
