import { exitCodes } from "../../failures/exit-codes.ts";
import type { Failure } from "../../failures/report.ts";

/** A problem, described as a failure. */
export type Fault = Pick<Failure, "code" | "message" | "hint" | "exit">;

/** One line of the report. */
export interface Finding {
  /** One or two words. */
  about: string;
  text: string;
  /** Absent if there is no problem. */
  fault?: Fault;
  /** The line is information, neither good nor bad. */
  note?: true;
}

/** The result of one group of checks. */
export interface Report<T> {
  title: string;
  findings: Finding[];
  /** For `--json`. */
  document: T;
}

/** A problem on this machine. */
export const localFault = (message: string, hint: string): Fault => ({
  code: "internal",
  message,
  hint,
  exit: exitCodes.internal,
});
