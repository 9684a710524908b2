import { useCursor } from "ink";
import type { Display } from "../markdown/display.ts";
import type { FormPicture } from "./form-lines.ts";
import { Lines } from "./Lines.tsx";

interface LoginFormProps {
  picture: FormPicture;
  display: Display;
  /** The number of rows of the live area above it. */
  top: number;
}

/** The form to register or log in, shown instead of the composer. */
export function LoginForm({ picture: { lines, cursor }, display, top }: LoginFormProps) {
  const { setCursorPosition } = useCursor();
  setCursorPosition({ x: cursor.x, y: top + cursor.y });
  return <Lines lines={lines} display={display} />;
}
