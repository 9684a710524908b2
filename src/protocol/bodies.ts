import { z } from "zod";
import { hasMore } from "../text/code-points.ts";
import { imageFault, imageTypes } from "./images.ts";
import {
  API_KEY_NAME_CHARACTERS,
  HISTORY_ENTRIES,
  IMAGES,
  INSTRUCTIONS_CHARACTERS,
  MODEL_CHARACTERS,
} from "./limits.ts";
import { passwordFaults } from "./password-rules.ts";
import { periods } from "./refill.ts";
import { usernameFaults } from "./username-rules.ts";

const required = (name: string) => ({
  error: (issue: { input: unknown }) =>
    issue.input === undefined ? `${name} is required.` : `${name} must be a string.`,
});

const hasLoneSurrogate = (text: string) => !text.isWellFormed();

/** A username as docs/http-api.md#usernames allows it; shown as typed, compared without regard to case. */
export const username = z.string(required("username")).superRefine((name, context) => {
  for (const fault of usernameFaults(name))
    context.addIssue({ code: "custom", message: `username ${fault}.` });
});

/**
 * A new password in the field `name`: taken as sent, refused where bcrypt would cut it short
 * (docs/http-api.md#passwords).
 */
const passwordIn = (name: string) =>
  z.string(required(name)).superRefine((text, context) => {
    for (const must of passwordFaults(text))
      context.addIssue({ code: "custom", message: `${name} must ${must}.` });
  });

const nonEmpty = (name: string) =>
  z.string(required(name)).refine((text) => text !== "", { error: `${name} must not be empty.` });

const message = z
  .string(required("message"))
  .transform((text) => text.trim())
  .refine((text) => text !== "", { error: "message must not be empty." })
  .refine((text) => !hasLoneSurrogate(text), { error: "message must be valid Unicode." });

const instructions = z
  .string(required("instructions"))
  .transform((text) => text.trim())
  .refine((text) => !hasMore(text, INSTRUCTIONS_CHARACTERS), {
    error: `instructions must have at most ${INSTRUCTIONS_CHARACTERS} characters.`,
  })
  .refine((text) => !hasLoneSurrogate(text), { error: "instructions must be valid Unicode." })
  .transform((text) => (text === "" ? undefined : text));

export const turn = z.object(
  {
    role: z.enum(["user", "assistant"], { error: 'role must be "user" or "assistant".' }),
    content: z
      .string(required("content"))
      .refine((text) => !hasLoneSurrogate(text), { error: "content must be valid Unicode." }),
  },
  { error: "a turn must be an object with role and content." },
);

export const image = z
  .object(
    {
      media_type: z.enum(imageTypes, { error: `media_type must be one of these: ${imageTypes.join(", ")}.` }),
      data: z.string(required("data")),
    },
    { error: "an image must be an object with media_type and data." },
  )
  .superRefine((one, context) => {
    const fault = imageFault(one);
    if (fault !== undefined) context.addIssue({ code: "custom", path: ["data"], message: fault });
  });

/** `POST /api/register/`. `invite`: the code of an invitation as typed; null counts as none. */
export const registerBody = z.object({
  username,
  password: passwordIn("password"),
  invite: z.string({ error: "invite must be a string." }).nullish(),
});

/** `POST /api/login/`: checks only that both are there; whatever else is wrong is `invalid_credentials`. */
export const loginBody = z.object({ username: nonEmpty("username"), password: nonEmpty("password") });

/** `POST /api/password/`: of the old one only that it is there; the new one as at a registration. */
export const passwordBody = z.object({
  password: nonEmpty("password"),
  new_password: passwordIn("new_password"),
  revoke_keys: z.boolean({ error: "revoke_keys must be true or false." }).optional(),
});

/** Says which fields are unknown, and what else a strict object must be. */
const strictly = (must: string) => ({
  error: (issue: { code?: string | undefined; keys?: string[] | undefined }) =>
    issue.code === "unrecognized_keys" ? `There is no such field: ${issue.keys?.join(", ")}.` : must,
});

/** `POST /api/keys/`. The name is trimmed; `expires_at` is in milliseconds since the epoch. */
export const apiKeyBody = z.strictObject(
  {
    name: z
      .string(required("name"))
      .transform((text) => text.trim())
      .refine((text) => text !== "" && !hasMore(text, API_KEY_NAME_CHARACTERS), {
        error: `name must have 1 to ${API_KEY_NAME_CHARACTERS} characters.`,
      })
      .refine((text) => text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), {
        error: "name must not have control characters.",
      }),
    limit: z
      .strictObject(
        {
          tokens: z
            .int({ error: "tokens must be a whole number." })
            .min(1, { error: "tokens must be at least 1." }),
          per: z.enum(periods, { error: `per must be one of these: ${periods.join(", ")}.` }),
        },
        strictly("limit must be an object with tokens and per."),
      )
      .nullish(),
    expires_at: z.iso
      .datetime({
        offset: true,
        error: "expires_at must be a time such as 2030-12-31T00:00:00Z.",
      })
      .transform((text) => Date.parse(text))
      .nullish(),
  },
  strictly("The body must be an object."),
);

/** `POST /api/chat/` less its token. `message` comes out trimmed, and how long it may be is up to its model; `history` is the
 * earlier turns, oldest first; `model` is the name of the model to ask; `instructions` are trimmed, and absent if blank;
 * `images` are absent if there are none. */
export const chatBody = z.object({
  message,
  history: z
    .array(turn, { error: "history must be a list of turns." })
    .max(HISTORY_ENTRIES, { error: `history may have at most ${HISTORY_ENTRIES} turns.` })
    .optional(),
  model: z
    .string(required("model"))
    .refine((name) => name !== "", { error: "model must not be empty." })
    .refine((name) => name.length <= MODEL_CHARACTERS, {
      error: `model must have at most ${MODEL_CHARACTERS} characters.`,
    })
    .optional(),
  instructions: instructions.optional(),
  images: z
    .array(image, { error: "images must be a list of images." })
    .max(IMAGES.most, { error: `images may have at most ${IMAGES.most} entries.` })
    .transform((list) => (list.length === 0 ? undefined : list))
    .optional(),
});

export type RegisterBody = z.infer<typeof registerBody>;
export type LoginBody = z.infer<typeof loginBody>;
export type PasswordBody = z.infer<typeof passwordBody>;
export type ApiKeyBody = z.infer<typeof apiKeyBody>;
export type ChatBody = z.infer<typeof chatBody>;

/** One turn of a conversation, oldest first where several stand together. */
export type Turn = z.infer<typeof turn>;
