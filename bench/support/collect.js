// Loaded into a program whose memory is measured: collects garbage when its parent asks.
const collect = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  process.send?.("collected");
};
process.on("message", () => void collect());
process.channel?.unref();
