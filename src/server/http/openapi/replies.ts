import { z } from "zod";
import { errors, type ErrorCode } from "../../../protocol/errors.ts";
import { periods } from "../../../protocol/refill.ts";
import { finishes, registrations } from "../../../protocol/replies.ts";
import { extensions } from "../../../protocol/routes.ts";

const tokens = (description: string) => z.int().min(0).meta({ description });
const count = (description: string) => z.int().min(0).meta({ description });
const time = (description: string) => z.iso.datetime().meta({ description });

const limits = z
  .object({
    message: count("The most characters of a message."),
    context: count(
      "The most characters of message, instructions and history that reach the AI. 0: no history does.",
    ),
    turns: count("The most entries of `history`."),
  })
  .meta({ description: "How much a model takes with one question. Characters are Unicode code points." });

const registerReply = z.object({
  message: z.literal("User created successfully"),
  tokens: tokens("What the new account starts with."),
});

const loginReply = z.object({
  token: z.string().meta({ description: "Valid for 30 days, unless the operator says otherwise." }),
});

const chatReply = z.object({
  response: z.string().meta({ description: "The whole answer." }),
  tokens_deducted: tokens("What the question cost. A replay has what its key cost."),
});

const model = z.object({
  name: z.string(),
  price: tokens("Tokens a question."),
  default: z.boolean().meta({ description: "Whether it answers a question that names no model." }),
  limits,
  images: z.literal(true).optional().meta({ description: "Absent if it takes no images." }),
});

const modelsReply = z.object({ models: z.array(model).meta({ description: "The default first." }) });

const balanceReply = z.object({ tokens: tokens("The balance, with what questions in flight hold.") });

const day = z.object({
  date: z.iso.date().meta({ description: "A UTC day." }),
  questions: count("Charged questions."),
  tokens: tokens("What they cost."),
});

const namedUse = z.object({
  name: z.string().nullable().meta({
    description: "Of the API key or model. Null: asked with a token, or before there were models.",
  }),
  questions: count("Charged questions."),
  tokens: tokens("What they cost."),
});

const usageReply = z.object({
  tokens: tokens("The balance now."),
  days: z.array(day).meta({ description: "Oldest first, today included; days without use have zeros." }),
  keys: z.array(namedUse).optional().meta({ description: "With `by=key`. The most tokens first." }),
  models: z.array(namedUse).optional().meta({ description: "With `by=model`. The most tokens first." }),
});

const passwordReply = z.object({
  token: z.string().meta({ description: "The one token of the account that is valid from now on." }),
});

const apiKeyLimit = z.object({ tokens: z.int().min(1), per: z.enum(periods) });

const apiKeyFields = {
  id: z.string(),
  name: z.string(),
  limit: apiKeyLimit.nullable().meta({ description: "Null: the key has no limit of its own." }),
  expires_at: time("UTC.").nullable(),
  created_at: time("UTC."),
};

const apiKeyReply = z.object({
  ...apiKeyFields,
  key: z.string().meta({ description: "The key itself. No other reply has it." }),
});

const listedApiKey = z.object({
  ...apiKeyFields,
  spent: tokens("Charged in the running period of its limit; without a limit, in the running month."),
  last_used_at: time("Of the last charge, UTC.").nullable(),
});

const apiKeysReply = z.object({ keys: z.array(listedApiKey).meta({ description: "Oldest first." }) });

const refill = z
  .object({
    tokens: z.int().min(1),
    period: z.enum(periods),
    cap: z.int().min(0).nullable().meta({ description: "A refill raises no balance above it. Null: none." }),
  })
  .meta({ description: "Tokens that each account gets in each calendar period." });

const aboutReply = z.object({
  name: z.string(),
  version: z.string(),
  price: tokens("Of a question to the default model."),
  starting_tokens: tokens("What a new account starts with."),
  registration: z.enum(registrations).meta({
    description: "Who may register: everybody, whoever has the code of an invitation, or nobody.",
  }),
  refill: refill.optional(),
  model: z.string().meta({ description: "Name of the default model." }),
  limits,
  extensions: z.array(z.enum(extensions)).meta({
    description: "What the server can do beyond registering, logging in, chat and balance.",
  }),
});

const deltaEvent = z.object({
  text: z.string().min(1).meta({ description: "The next piece of the answer." }),
});

const reasoningEvent = z.object({
  text: z
    .string()
    .min(1)
    .meta({ description: "The next piece of what the model thinks. It is no part of the answer." }),
});

const doneEvent = z.object({
  response: z.string().meta({ description: "The whole answer." }),
  tokens_deducted: tokens("What the question cost. A replay has what its key cost."),
  tokens_remaining: tokens("The balance now."),
  model: z.string().meta({ description: "Name of the model that answered." }),
  finish: z.enum(finishes).nullable().meta({ description: "Why the AI ended. Null: it did not say." }),
  turns_sent: count("How many entries of `history` reached the AI, always the newest ones."),
});

const fieldError = z.object({
  field: z.string().meta({ description: "A dotted path, such as `history.3.content`." }),
  detail: z.string(),
});

const codes = Object.keys(errors) as ErrorCode[];

const problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: "A sentence for a person." }),
    code: z.enum(codes).meta({ description: "For programs." }),
    error: z.string().meta({ description: "The same as `detail`." }),
    request_id: z.string().meta({ description: "That of `X-Request-Id`." }),
    errors: z.array(fieldError).max(100).optional().meta({ description: "What is wrong, field by field." }),
    tokens: tokens("On 402: the balance.").optional(),
    held: tokens("On 402: what questions in flight hold of the balance.").optional(),
    required: tokens("On 402: what the question costs.").optional(),
    in_doubt: z.literal(true).optional().meta({
      description:
        "The question may have been charged although it failed. The same Idempotency-Key tells which.",
    }),
  })
  .meta({ description: "An error (RFC 9457)." });

/** What the server sends, by the names that the document gives it. A test compares each with its type in src/protocol/. */
export const replySchemas = {
  RegisterReply: registerReply,
  LoginReply: loginReply,
  ChatReply: chatReply,
  ModelsReply: modelsReply,
  ModelLimits: limits,
  BalanceReply: balanceReply,
  UsageReply: usageReply,
  UsageDay: day,
  NamedUse: namedUse,
  PasswordReply: passwordReply,
  ApiKeyReply: apiKeyReply,
  ApiKeysReply: apiKeysReply,
  ServerInformation: aboutReply,
  Refill: refill,
  DeltaEvent: deltaEvent,
  ReasoningEvent: reasoningEvent,
  DoneEvent: doneEvent,
  FieldError: fieldError,
  Problem: problem,
};
