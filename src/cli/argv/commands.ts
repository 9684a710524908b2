import { spec as chat } from "../commands/chat/spec.ts";
import { spec as ask } from "../commands/ask/spec.ts";
import { spec as register } from "../commands/register/spec.ts";
import { spec as login } from "../commands/login/spec.ts";
import { spec as logout } from "../commands/logout/spec.ts";
import { spec as password } from "../commands/password/spec.ts";
import { spec as whoami } from "../commands/whoami/spec.ts";
import { spec as balance } from "../commands/balance/spec.ts";
import { spec as usage } from "../commands/usage/spec.ts";
import { spec as keys } from "../commands/keys/spec.ts";
import { spec as servers } from "../commands/servers/spec.ts";
import { spec as conversations } from "../commands/conversations/spec.ts";
import { spec as config } from "../commands/config/spec.ts";
import { spec as doctor } from "../commands/doctor/spec.ts";
import { spec as completion } from "../commands/completion/spec.ts";
import { spec as serve } from "../commands/serve/spec.ts";
import { spec as ledger } from "../commands/ledger/spec.ts";
import { spec as report } from "../commands/report/spec.ts";
import { spec as grant } from "../commands/grant/spec.ts";
import { spec as accounts } from "../commands/accounts/spec.ts";
import { spec as take } from "../commands/take/spec.ts";
import { spec as invites } from "../commands/invites/spec.ts";
import { spec as store } from "../commands/store/spec.ts";
import type { CommandSpec } from "./command-spec.ts";

/** The commands by name, in the order of the help. A Map, so that `toString` is not a command. */
export const commands = new Map<string, CommandSpec>(
  Object.entries({
    chat,
    ask,
    register,
    login,
    logout,
    password,
    whoami,
    balance,
    usage,
    keys,
    servers,
    conversations,
    config,
    doctor,
    completion,
    serve,
    accounts,
    ledger,
    report,
    grant,
    take,
    invites,
    store,
  }),
);
