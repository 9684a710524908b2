import { useCursor } from "ink";
import type { Display } from "../markdown/look.ts";
import type { Form } from "../session/form.ts";
import { formPicture } from "./form-lines.ts";
import { Lines } from "./Lines.tsx";

interface LoginFormProps {
  form: Form;
  server: string;
  display: Display;
  top: number;
}

/** The form to register or log in, shown instead of the composer. */
export function LoginForm({ form, server, display, top }: LoginFormProps) {
  const { setCursorPosition } = useCursor();
  const { lines, cursor } = formPicture(form, server, display);
  setCursorPosition({ x: cursor.x, y: top + cursor.y });
  return <Lines lines={lines} display={display} />;
}
