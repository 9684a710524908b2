// Every figure of docs/performance.md except those of Postgres, which take longer (bench/postgres.js): `npm run bench`.
await import("./startup.js");
await import("./question.js");
await import("./session.js");
