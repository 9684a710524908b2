/** One word, which names a file in one folder and nothing else. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]{0,63}$/u;

/** The word that stands for no role. */
export const NO_ROLE = "none";

/** Whether a file `NAME.md` of the user can have that name. */
export const isOwnName = (name: string): boolean => NAME.test(name);

/** Whether a role can have that name: `/role none` and `/role edit` mean something else. */
export const isRoleName = (name: string): boolean => isOwnName(name) && name !== NO_ROLE && name !== "edit";
