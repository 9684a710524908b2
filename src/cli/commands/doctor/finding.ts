import { exitCodes } from "../../failures/exit-codes.ts";
import type { Failure } from "../../failures/report.ts";

/** What is wrong: as a failure would be told. */
export type Fault = Pick<Failure, "code" | "message" | "hint" | "exit">;

/** One line of the doctor's. */
export interface Finding {
  /** One or two words. */
  about: string;
  text: string;
  /** Absent: all is well, or it is only worth knowing. */
  fault?: Fault;
  /** Worth knowing, but neither good nor bad. */
  note?: true;
}

/** What one of the doctor's looks found. */
export interface Report<T> {
  title: string;
  findings: Finding[];
  /** For `--json`; null for what isn't known. */
  document: T;
}

/** Something that is wrong on this machine. */
export const localFault = (message: string, hint: string): Fault => ({
  code: "internal",
  message,
  hint,
  exit: exitCodes.internal,
});
