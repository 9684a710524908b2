/** Whether Ink's layout is loaded. In the build it loads beside the rest of Ink (scripts/stand-ins.js). */
export const layout: { loaded: Promise<unknown> } = { loaded: Promise.resolve() };
