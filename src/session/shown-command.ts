/** What the menu and the help show of a command, or of a prompt of the user. */
export interface ShownCommand {
  readonly name: string;
  /** Its argument as the help shows it; in brackets if it is optional. */
  readonly argument?: string;
  readonly help: string;
  /** It may run while an answer arrives. The others wait for the end of the answer. */
  readonly whileAnswering?: boolean;
  /** Enter in the menu only completes its name: it costs tokens. */
  readonly isCompleted?: boolean;
}

/** How a command is written in the help and the menu: `/copy [n]`. */
export const usage = ({ name, argument }: ShownCommand): string =>
  argument === undefined ? `/${name}` : `/${name} ${argument}`;

/** Whether Enter in the menu only completes a command: it does nothing without its argument, or costs tokens. */
export const isCompleted = ({ argument, isCompleted = false }: ShownCommand): boolean =>
  isCompleted || (argument !== undefined && !argument.startsWith("["));

/** The words that ask before a command runs. `again`: what runs it. */
export const askingWords = (what: string, again: string): string => `${what} ${again} does it.`;
