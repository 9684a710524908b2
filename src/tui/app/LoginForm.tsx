import { useCursor } from "ink";
import type { Look } from "../markdown/look.ts";
import type { Form } from "../session/form.ts";
import { formPicture } from "./form-lines.ts";
import { Lines } from "./Lines.tsx";

interface LoginFormProps {
  form: Form;
  server: string;
  look: Look;
  top: number;
}

/** Register or log in, in place of the composer. */
export function LoginForm({ form, server, look, top }: LoginFormProps) {
  const { setCursorPosition } = useCursor();
  const { lines, cursor } = formPicture(form, server, look);
  setCursorPosition({ x: cursor.x, y: top + cursor.y });
  return <Lines lines={lines} look={look} />;
}
