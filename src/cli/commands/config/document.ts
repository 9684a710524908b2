import { z } from "zod";
import { settingNames } from "../../../client/kept/settings.ts";
import { text } from "../../io/document-fields.ts";

/** One setting. After a change, `value` is the value in effect: the environment overrides the file. */
export const settingDocument = z.strictObject({
  key: z.enum(settingNames),
  value: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  source: z.enum(["environment", "file", "default"]),
});
export type SettingDocument = z.infer<typeof settingDocument>;

/** What `config list --json` prints. */
export const settingsDocument = z.array(settingDocument);

/** What `config path --json` prints. */
export const pathDocument = z.strictObject({ path: text });
export type PathDocument = z.infer<typeof pathDocument>;
