import { agree } from "./agree.js";
import { events, refills } from "./events.js";
import { openSchool } from "./school.js";

/** @typedef {import("./school.js").Clock} Clock @typedef {import("./school.js").Place} Place */

/**
 * A class for a month: register by invitation, questions, refills, a forgotten password, a lock-out, a deletion, kills, an
 * upgrade, and moves. Throws where anything is not what it must be.
 * @param {{
 *   clock: Clock,
 *   first: Place,
 *   moves: { day: number, to: Place }[],
 *   pupils: number,
 *   older?: string,
 *   told: (sentence: string) => void,
 * }} asked `older`: the folder of a build that starts the month, and does not know of refills. Without a clock that moves,
 *   only the days with an event are played.
 */
export async function playMonth({ clock, first, moves, pupils, older, told }) {
  const school = await openSchool({ clock, place: first, ...(older !== undefined && { older }) });
  const { all, random } = school;
  const codes = await school.invite(pupils);
  for (const [index, code] of codes.entries()) await school.register(`pupil${index}`, code);
  for (const pupil of all.pupils) await school.ask(pupil);
  told(`${pupils} pupils${older === undefined ? "" : ", on the older build"}`);

  for (let day = 1; day <= 31; day++) {
    clock.to(day);
    const move = moves.find((one) => one.day === day);
    if (move) await school.move(move.to);
    if (clock.moves && refills.has(day)) await school.setRefill(refills.get(day));
    const event = events[day];
    await event?.(school, day);
    if (!clock.moves && !move && !event) continue;
    for (const pupil of all.pupils) {
      if (pupil.disabled || random() < 0.3) continue;
      if (day > 3 && random() < 0.2) await school.askAtOnce(pupil);
      for (let left = Math.floor(random() * 4); left > 0; left--) await school.ask(pupil);
      if (day > 3 && random() < 0.2) await school.balance(pupil);
    }
    if (move) told(`day ${day}: moved`);
  }
  told(`day 31: ${school.questions()} questions`);

  await agree(school.store());
  for (const pupil of all.pupils) await school.balance(pupil);
  await school.stop();
  await agree(school.store());
  return { questions: school.questions() };
}
