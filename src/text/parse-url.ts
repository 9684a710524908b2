/**
 * A URL as browsers read it, `base` before it if it is relative. Undefined if it is none. (In Node 20 and 22, URL.canParse
 * refuses an address with a letter such as ä after some thousand calls, when V8 has optimized it.)
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
