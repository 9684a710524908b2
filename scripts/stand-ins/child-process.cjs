// For `node:child_process`, which takes 1 ms to load: terminal-size starts a program only where no stream knows the size.
module.exports = {
  get execFileSync() {
    return require("node:child_process").execFileSync;
  },
};
