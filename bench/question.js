// Measures the server's CPU time per question with 10, 1,000 and 100,000 accounts, against a bare forwarder to the same
// upstream without accounts. One run with alternating rounds; compare the ratios, not the times.
//   node bench/question.js [questions a round, default 1500]
import { folderWith } from "./support/folder.js";
import { ask, newToken } from "./support/load.js";
import { startForwarder, startServer, startUpstream } from "./support/programs.js";

const count = Number(process.argv[2] ?? 1500);
const rounds = 5;
const parallel = 16;
const sizes = [10, 1_000, 100_000];

const median = (/** @type {number[]} */ values) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const upstream = await startUpstream();
const folders = await Promise.all(sizes.map(folderWith));
const contenders = [{ name: "bare forwarder", program: await startForwarder(upstream.url), token: "" }];
for (const [i, folder] of folders.entries()) {
  const program = await startServer(folder.path, upstream.url);
  contenders.push({
    name: `${sizes[i]?.toLocaleString("en")} accounts`,
    program,
    token: await newToken(program.url),
  });
}

/** @type {Map<string, { cpu: number[], wall: number[] }>} */
const figures = new Map(contenders.map(({ name }) => [name, { cpu: [], wall: [] }]));
for (const { program, token } of contenders) await ask(program.url, { token, count, parallel });
for (let round = 0; round < rounds; round++) {
  for (const { name, program, token } of contenders) {
    const [cpu, wall] = [await program.cpu(), performance.now()];
    await ask(program.url, { token, count, parallel });
    figures.get(name)?.cpu.push(((await program.cpu()) - cpu) / count);
    figures.get(name)?.wall.push((performance.now() - wall) / count);
  }
}

const bare = median(figures.get("bare forwarder")?.cpu ?? []);
console.log(
  `CPU of a question, ${rounds} rounds of ${count}, ${parallel} at a time, every charge synced to disk`,
);
console.log("                     CPU ms    beside bare    questions/s");
for (const [name, { cpu, wall }] of figures) {
  const ms = median(cpu);
  console.log(
    `${name.padEnd(18)} ${ms.toFixed(3).padStart(8)} ${`${(ms / bare).toFixed(2)}x`.padStart(14)} ${(1000 / median(wall)).toFixed(0).padStart(14)}`,
  );
}

await Promise.all(contenders.map(({ program }) => program.stop()));
await upstream.stop();
await Promise.all(folders.map((folder) => folder.remove()));
