import { z } from "zod";
import {
  apiKeyBody,
  chatBody,
  image,
  loginBody,
  passwordBody,
  registerBody,
  turn,
} from "../../../protocol/bodies.ts";
import {
  API_KEY_NAME_CHARACTERS,
  IMAGES,
  INSTRUCTIONS_CHARACTERS,
  MODEL_CHARACTERS,
  PASSWORD_CODE_POINTS,
  USERNAME_CHARACTERS,
} from "../../../protocol/limits.ts";

/** What a schema does not say about a field, because it is checked in code. */
type Note = Record<string, unknown> & { description: string };

/** A body, and a note on each of its fields. */
export interface Described {
  schema: z.ZodObject;
  notes: Record<string, Note>;
}

const described = <Shape extends z.ZodRawShape, Config extends z.core.$ZodObjectConfig>(
  schema: z.ZodObject<Shape, Config>,
  notes: { [Field in keyof Shape]: Note },
): Described => ({ schema, notes });

const newPassword = (description: string): Note => ({
  description: `${description} At most 72 bytes of UTF-8, no U+0000 and no lone surrogate.`,
  minLength: PASSWORD_CODE_POINTS,
  // A character has at least one byte.
  maxLength: 72,
  format: "password",
});

const typed = { minLength: 1 };

/** What the server takes, by the names that the document gives it. */
export const bodySchemas = {
  RegisterBody: described(registerBody, {
    username: {
      description: "Unique without regard to case.",
      ...typed,
      maxLength: USERNAME_CHARACTERS,
      pattern: "^[A-Za-z0-9@.+_-]*$",
    },
    password: newPassword("It is not trimmed."),
    invite: { description: "The code of an invitation. Case, spaces and dashes don't matter." },
  }),
  LoginBody: described(loginBody, {
    username: { description: "In any case.", ...typed },
    password: { description: "As it was typed at the registration.", ...typed, format: "password" },
  }),
  PasswordBody: described(passwordBody, {
    password: { description: "The present one.", ...typed, format: "password" },
    new_password: newPassword("The new one."),
    revoke_keys: { description: "Whether the API keys of the account end, too." },
  }),
  ApiKeyBody: described(apiKeyBody, {
    name: {
      description:
        "Trimmed; no control characters. Unique among the keys of the account, without regard to the case of ASCII letters.",
      ...typed,
      maxLength: API_KEY_NAME_CHARACTERS,
      pattern: "\\S",
    },
    limit: {
      description: "The most that the key spends in each calendar period, in UTC. Null: no limit of its own.",
    },
    expires_at: { description: "In the future, with a time zone. Null: never." },
  }),
  Turn: described(turn, {
    role: { description: "Who said it." },
    content: { description: "Valid Unicode. An empty turn is left out." },
  }),
  Image: described(image, {
    media_type: { description: "The first bytes of the image must be of this kind." },
    data: {
      description: `The bytes in Base64 (RFC 4648 §4), with padding and without line ends; at most ${IMAGES.bytes} of them.`,
      contentEncoding: "base64",
      maxLength: Math.ceil(IMAGES.bytes / 3) * 4,
    },
  }),
  ChatBody: described(chatBody.extend({ token: z.string().nullish() }), {
    message: {
      description:
        "Trimmed. At most as many characters as the model takes; see `limits` of `GET /api/models/`.",
      ...typed,
      pattern: "\\S",
    },
    history: {
      description:
        "The earlier turns of the conversation, oldest first. The newest that fit into the model's context reach the AI.",
    },
    model: {
      description: "Name of a model of `GET /api/models/`. Without it the default answers.",
      ...typed,
      maxLength: MODEL_CHARACTERS,
    },
    instructions: {
      description: "How the AI should answer, in the words of the user. Trimmed; blank ones count as none.",
      maxLength: INSTRUCTIONS_CHARACTERS,
    },
    images: { description: "For a model that takes images." },
    token: {
      description:
        "The token or API key, instead of the header Authorization. If both are there they must be equal. A body with images needs the header.",
    },
  }),
};
