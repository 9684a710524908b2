// For modules that a package loads at its start for a feature that this program does not use.
module.exports = {};
