import { useSyncExternalStore } from "react";
import type { Screen } from "./screen.ts";

/** Renders the component again whenever the screen changes. */
export function useScreen(screen: Screen): void {
  useSyncExternalStore(
    (listener) => screen.subscribe(listener),
    () => screen.version,
  );
}
