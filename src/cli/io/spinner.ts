/** Something that moves on a terminal while nothing else does. */
export interface Spinner {
  /** Takes it away; what is written next begins on a clean line. A second call does nothing. */
  stop(): void;
}

const FRAMES = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];
const ASCII_FRAMES = ["|", "/", "-", "\\"];
/** Milliseconds a frame. */
const PACE = 150;

/** Turns on one line of `stream` until it is stopped. Keeps no process alive. */
export function startSpinner(stream: NodeJS.WriteStream, { ascii }: { ascii: boolean }): Spinner {
  const frames = ascii ? ASCII_FRAMES : FRAMES;
  let at = 0;
  const draw = () => {
    stream.write(`\r${frames[at % frames.length]} `);
    at += 1;
  };
  draw();
  const timer = setInterval(draw, PACE);
  timer.unref();
  let running = true;
  return {
    stop: () => {
      if (!running) return;
      running = false;
      clearInterval(timer);
      stream.write("\r\x1b[K");
    },
  };
}
