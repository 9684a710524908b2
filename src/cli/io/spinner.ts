export interface Spinner {
  /** Stops the spinner and clears its line. A second call does nothing. */
  stop(): void;
}

const FRAMES = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];
const ASCII_FRAMES = ["|", "/", "-", "\\"];
/** Milliseconds per frame. */
const PACE = 150;

/** Shows a spinner on `stream` until it is stopped. Its timer does not keep the process alive. */
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
