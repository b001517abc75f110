// Numbers and times as people read them. null is an en dash: not known.

export const NONE = "–";

const formats = new Map();
function decimals(least, most) {
  const name = `${least}/${most}`;
  if (!formats.has(name)) {
    formats.set(name, new Intl.NumberFormat("en-GB", { minimumFractionDigits: least, maximumFractionDigits: most }));
  }
  return formats.get(name);
}

/** A number with its unit, which no line break parts from it. */
const measured = (value, least, most, unit) =>
  value === null || value === undefined ? NONE : `${decimals(least, most).format(value)}\u00a0${unit}`;

/** Power to a tenth, so that columns align. */
export function kw(value) {
  return measured(value, 1, 1, "kW");
}

/** Power as it was set: no more decimals than it has. */
export function exactKw(value) {
  return measured(value, 0, 3, "kW");
}

export function kwh(value) {
  return measured(value, 1, 1, "kWh");
}

export function ampere(value) {
  return measured(value, 0, 1, "A");
}

export const count = (value) => decimals(0, 0).format(value);

/** "1 charger", "3 chargers". */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export const percent = (share) => `${Math.round(share * 100)} %`;

/** The time zone that is meant where none is said: that of the sites where all share one, else the browser's. */
let usual;

export function setUsualZone(zone) {
  usual = zone;
}

const clocks = new Map();
function clock(given, options) {
  const zone = given ?? usual;
  const name = `${zone}${JSON.stringify(options)}`;
  if (!clocks.has(name)) {
    clocks.set(name, new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", timeZone: zone, ...options }));
  }
  return clocks.get(name);
}

const TIME = { hour: "2-digit", minute: "2-digit" };
const DAY = { weekday: "short", day: "numeric", month: "short" };

/** 14:20 */
export function time(iso, zone) {
  return iso ? clock(zone, TIME).format(new Date(iso)) : NONE;
}

/** 14:20:07 */
export function exactTime(iso, zone) {
  return iso ? clock(zone, { ...TIME, second: "2-digit" }).format(new Date(iso)) : NONE;
}

/** 14:20 today, else Mon 3 Jun, 14:20. */
export function when(iso, zone, now = Date.now()) {
  if (!iso) return NONE;
  const date = new Date(iso);
  const day = clock(zone, { ...DAY, year: "numeric" });
  if (day.format(date) === day.format(now)) return clock(zone, TIME).format(date);
  const sameYear = clock(zone, { year: "numeric" }).format(date) === clock(zone, { year: "numeric" }).format(now);
  return `${sameYear ? clock(zone, DAY).format(date) : day.format(date)}, ${clock(zone, TIME).format(date)}`;
}

const browserZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

const INSTANT = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" };

/** CEST, GMT-4: what to name beside a time of this zone; "" where the browser's own clock says the same. */
export function zoneName(iso, zone) {
  const there = zone ?? usual;
  if (!iso || !there) return "";
  const date = new Date(iso);
  if (clock(there, INSTANT).format(date) === clock(browserZone(), INSTANT).format(date)) return "";
  return clock(there, { timeZoneName: "short" }).formatToParts(date).find(({ type }) => type === "timeZoneName").value;
}

/** For whoever wonders about the zone: its whole name, and the time on the browser's clock. */
export const zoneWords = (iso, zone) => (zoneName(iso, zone) ? `${zone ?? usual}; here it is ${when(iso, browserZone())}` : undefined);

/** When a day, such as 2026-06-01, begins in a zone; null: it is no day. */
export function midnight(day, zone) {
  const utc = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(utc)) return null;
  const there = zone ?? usual ?? browserZone();
  const first = utc - aheadMs(utc, there);
  return new Date(utc - aheadMs(first, there)); // again, where the clocks change between the two
}

/** By how much the clocks of a zone are ahead of UTC at an instant. */
function aheadMs(instantMs, zone) {
  const parts = Object.fromEntries(clock(zone, INSTANT).formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - instantMs;
}

/** 7 s, 12 min, 3 h 05, 4 days: how long that is. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return counted(Math.floor(hours / 24), "day");
}

export const since = (iso, now = Date.now()) => (iso ? span(now - Date.parse(iso)) : NONE);

/** For <input type="datetime-local">, in the browser's own zone. */
export function localInput(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

const UNITS = { a: "A", s: "s", w: "W", kw: "kW", kwh: "kWh" };

/** meter_interval_s -> Meter interval, in s */
export function heading(name) {
  const words = name.split("_");
  const unit = words.length > 1 ? UNITS[words.at(-1)] : undefined;
  const text = (unit ? words.slice(0, -1) : words).join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${unit ? `, in ${unit}` : ""}`;
}

/** One row of a CSV file. A cell that a spreadsheet would take for a formula is made text. */
export function csvRow(cells) {
  return cells
    .map((cell) => {
      const text = cell === null || cell === undefined ? "" : String(cell);
      const harmless = typeof cell === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
      return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
    })
    .join(",");
}
