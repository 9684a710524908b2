// Every figure of the README, one after the other: `npm run bench`.
await import("./startup.js");
await import("./question.js");
await import("./session.js");
