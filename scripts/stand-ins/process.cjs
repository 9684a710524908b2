// For `node:process`: importing that module makes Node open stdin and stdout, 7 ms. The global is the same object.
module.exports = process;
