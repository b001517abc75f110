// Texts of forms and what is sent of them: a week that is painted, what is declared, what is pinned, commands.

import assert from "node:assert/strict";
import { test } from "node:test";
import { commandBody } from "./js/charge-point/neutral.js";
import { KNOBS, pinsOf, textsOf } from "./js/charge-point/pins.js";
import { circuitTexts, NEW_POINT, pointBody, pointTexts, siteBody, siteTexts } from "./js/declared.js";
import { dayWords, painted, paintAt, toWeek, toWindows } from "./js/schedule.js";

const paint = (max_power_kw) => ({ max_power_kw, charge_point_limits_kw: {} });
const window_ = (days, start, end, max_power_kw) => ({ days, start, end, ...paint(max_power_kw) });

test("a night is two pieces of the week and one window again", () => {
  const night = window_(["sun"], "22:00", "06:00", 10);
  const week = toWeek([night]);
  assert.deepEqual([week[6][0].start, week[6][0].end, week[0][0].start, week[0][0].end], [1320, 1440, 0, 360]);
  assert.deepEqual(toWindows(week), [night]);
});

test("a stroke paints over what was there, and its neighbours of the same paint become one", () => {
  let week = toWeek([window_(["mon"], "08:00", "18:00", 20)]);
  week = painted(week, 0, 720, 780, paint(5));
  assert.deepEqual(week[0].map(({ start, end, paint: { max_power_kw } }) => [start, end, max_power_kw]), [[480, 720, 20], [720, 780, 5], [780, 1080, 20]]);
  assert.equal(paintAt(week, 0, 719).max_power_kw, 20);
  assert.equal(paintAt(week, 0, 720).max_power_kw, 5);
  assert.equal(painted(week, 0, 720, 780, paint(20))[0].length, 1);
  assert.equal(paintAt(painted(week, 0, 720, 780, null), 0, 740), undefined);
});

test("equal days are one window", () => {
  let week = toWeek([]);
  for (const day of [0, 1, 2]) week = painted(week, day, 480, 1080, paint(20));
  assert.deepEqual(toWindows(week), [window_(["mon", "tue", "wed"], "08:00", "18:00", 20)]);
  assert.deepEqual([dayWords(["mon", "tue", "wed"]), dayWords(["sat", "sun"])], ["Mon–Wed", "Sat, Sun"]);
});

const SITE = {
  name: "Park", timezone: "Europe/Berlin", grid_capacity_kw: 80, grid_max_current_a: null, voltage_v: 230, voltage_min_v: 207, voltage_max_v: 230,
  declared_voltage_min_v: null, declared_voltage_max_v: null,
  reserve_kw: 0, site_load_max_age_s: 60, site_load_max_kw: null, site_load_max_current_a: null, price_per_kwh: null, currency: "EUR",
};

test("a site that nobody changed is sent as it was declared, without the voltages that follow", () => {
  const circuits = [{ circuit_id: "row", parent: "grid", max_power_kw: null, max_current_a: 32, charge_point_ids: ["A", "B"] }].map(circuitTexts);
  assert.deepEqual(siteBody(siteTexts(SITE), circuits), {
    name: "Park", timezone: "Europe/Berlin", grid_capacity_kw: 80, reserve_kw: 0, site_load_max_age_s: 60, voltage_v: 230, currency: "EUR",
    circuits: [{ circuit_id: "row", parent: null, max_power_kw: null, max_current_a: 32, charge_points: ["A", "B"] }],
  });
  const { voltage_min_v, voltage_max_v } = siteBody(siteTexts({ ...SITE, declared_voltage_min_v: 207, declared_voltage_max_v: 253 }), []);
  assert.deepEqual([voltage_min_v, voltage_max_v], [207, 253], "declared, even as what would follow anyway");
});

test("a charge point that nobody changed is sent as it was declared, and its password not at all", () => {
  const settings = {
    connectors: 1, max_power_kw: 22, current: "AC", phases: 3, phase_rotation: "RST", phase: null, grid_factor: 1, circuit_id: "row", in_service: true,
    never_pause: false, offline_limit_kw: 0, protocol: null, registration: "accept", local_list: false, security_profile: 2, certificate_name: "a",
    password_required: true,
  };
  const texts = pointTexts({ charge_point_id: "A", settings });
  const { phase: _phase, protocol: _protocol, password_required: _required, ...declared } = settings;
  assert.deepEqual(pointBody(texts), declared);
  assert.equal(pointBody({ ...texts, password: "none" }).password_sha256, null);
  assert.equal(pointBody({ ...texts, password: "new", password_sha256: " ab " }).password_sha256, "ab");
  assert.equal(pointBody(NEW_POINT).circuit_id, null);
});

test("what is pinned reads back as it was, and what is empty is left open", () => {
  const pinned = { rate_units: ["A", "W"], currents_a: [6, 10.5], takes_zero: false, limit_by: "default", max_stack_level: 0, unasked: ["measurands"] };
  assert.deepEqual(pinsOf(textsOf(pinned)), pinned);
  assert.deepEqual(pinsOf(textsOf(null)), {});
  assert.equal(KNOBS.length, 20);
});

test("a command is sent with what was said, and what may be left out is", () => {
  assert.deepEqual(commandBody("set_power_limit", { max_power_kw: "9" }), { command: "set_power_limit", max_power_kw: 9 });
  assert.deepEqual(commandBody("set_availability", { connector_id: "2" }), { command: "set_availability", operative: false, connector_id: 2 });
  assert.deepEqual(commandBody("unlock_connector", { connector_id: "" }), { command: "unlock_connector", connector_id: null });
});
