import { z } from "zod";
import { isActText } from "../../protocol/act-text.ts";

const actText = z.string().refine(isActText).nullable();

/** Why and by whom, of a request for an operator's act: the fields of `Act`. */
export const actFields = { reason: actText, by: actText };
