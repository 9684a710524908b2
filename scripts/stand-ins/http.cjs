// For `node:http`, of which undici takes one number and one class, which no body of ours has; 3 ms.
module.exports = {
  IncomingMessage: undefined,
  get maxHeaderSize() {
    const given = [...process.execArgv, process.env.NODE_OPTIONS]
      .join(" ")
      .includes("--max-http-header-size");
    return given ? require("node:http").maxHeaderSize : 16 * 1024;
  },
};
