// A weekly schedule as a painted week, and back. Minutes of the day; a window never reaches past midnight here. Pure.

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
export const SLOT_MIN = 30;
export const SLOTS = 1440 / SLOT_MIN;

/**
 * @typedef {{max_power_kw: number, charge_point_limits_kw: Record<string, number>}} Paint
 * @typedef {{start: number, end: number, paint: Paint}} Piece
 * @typedef {Piece[][]} Week pieces of each day, in order
 * @typedef {{days: string[], start: string, end: string, max_power_kw: number, charge_point_limits_kw: Record<string, number>}} Window
 */

export const minutes = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

export const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** @param {Window[]} windows @returns {Week} */
export function toWeek(windows) {
  const week = DAYS.map(() => []);
  for (const window of windows) {
    const paint = { max_power_kw: window.max_power_kw, charge_point_limits_kw: window.charge_point_limits_kw ?? {} };
    const start = minutes(window.start);
    const end = minutes(window.end);
    for (const name of window.days) {
      const day = DAYS.indexOf(name);
      if (end > start) week[day].push({ start, end, paint });
      else {
        week[day].push({ start, end: 1440, paint });
        if (end > 0) week[(day + 1) % 7].push({ start: 0, end, paint });
      }
    }
  }
  return week.map(tidy);
}

/** The week with a stretch of one day painted over; paint null: nothing holds there. @returns {Week} */
export function painted(week, day, start, end, paint) {
  return week.map((pieces, index) => {
    if (index !== day) return pieces;
    const kept = pieces.flatMap((piece) => [
      { ...piece, end: Math.min(piece.end, start) },
      { ...piece, start: Math.max(piece.start, end) },
    ]);
    return tidy([...kept, ...(paint ? [{ start, end, paint }] : [])]);
  });
}

/** In order, without empty pieces; neighbours of one paint are one. */
function tidy(pieces) {
  const out = [];
  for (const piece of pieces.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last && last.end === piece.start && same(last.paint, piece.paint)) last.end = piece.end;
    else out.push({ ...piece });
  }
  return out;
}

const name = (paint) =>
  JSON.stringify([paint.max_power_kw, Object.entries(paint.charge_point_limits_kw).sort(([a], [b]) => (a < b ? -1 : 1))]);

export const same = (a, b) => name(a) === name(b);

/** The fewest windows that say the same: equal stretches of several days are one, nights are not cut at midnight. */
export function toWindows(week) {
  const found = new Map();
  const swallowed = new Set();
  const add = (day, start, end, paint) => {
    const key = `${start}-${end}-${name(paint)}`;
    if (!found.has(key)) found.set(key, { days: [], start: clock(start), end: clock(end), ...paint });
    found.get(key).days.push(DAYS[day]);
  };
  week.forEach((pieces, day) => {
    const last = pieces.at(-1);
    const next = week[(day + 1) % 7][0];
    if (last?.end === 1440 && last.start > 0 && next?.start === 0 && next.end < last.start && same(last.paint, next.paint)) {
      swallowed.add(next);
      add(day, last.start, next.end, last.paint);
      swallowed.add(last);
    }
  });
  week.forEach((pieces, day) => {
    for (const piece of pieces) if (!swallowed.has(piece)) add(day, piece.start, piece.end, piece.paint);
  });
  return [...found.values()].sort(
    (a, b) => DAYS.indexOf(a.days[0]) - DAYS.indexOf(b.days[0]) || minutes(a.start) - minutes(b.start),
  );
}

/** What holds at a minute of a day; undefined: nothing of the schedule. */
export const paintAt = (week, day, minute) =>
  week[day].find((piece) => piece.start <= minute && minute < piece.end)?.paint;

/** "Mon–Fri", "Sat, Sun", "every day". */
export function dayWords(days) {
  const at = days.map((day) => DAYS.indexOf(day)).sort((a, b) => a - b);
  if (at.length === 7) return "every day";
  const run = at.every((day, index) => index === 0 || day === at[index - 1] + 1);
  if (run && at.length > 2) return `${DAY_NAMES[at[0]]}–${DAY_NAMES[at.at(-1)]}`;
  return at.map((day) => DAY_NAMES[day]).join(", ");
}
