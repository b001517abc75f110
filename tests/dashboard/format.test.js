// Numbers, times and events as people read them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { GROUPS } from "./js/event-types.js";
import { merged } from "./js/event-list.js";
import { eventWords } from "./js/event-words.js";
import { ampere, counted, csvRow, exactKw, exactTime, heading, kw, kwh, midnight, NONE, setUsualZone, span, time, when, zoneName, zoneWords } from "./js/format.js";
import { parse, to } from "./js/router.js";
import { parseMessage } from "./js/stream.js";

test("power has a tenth, what was set has its decimals, and what is not known a dash", () => {
  assert.deepEqual([kw(1234.56), kw(0), exactKw(22), exactKw(4.209), kwh(1.25), ampere(6.06)], ["1,234.6\u00a0kW", "0.0\u00a0kW", "22\u00a0kW", "4.209\u00a0kW", "1.3\u00a0kWh", "6.1\u00a0A"]);
  for (const format of [kw, exactKw, kwh, ampere, time, exactTime, when]) assert.equal(format(null), NONE);
});

test("times are those of the zone that is given, else of the usual one", () => {
  assert.equal(time("2026-06-01T12:20:00Z", "Europe/Berlin"), "14:20");
  setUsualZone("America/New_York");
  assert.equal(exactTime("2026-06-01T12:20:07Z"), "08:20:07");
  setUsualZone(undefined);
});

test("a zone is named where the browser's clock says another time then", () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const summer = "2026-06-01T12:20:00Z";
  assert.equal(zoneName(summer, here), "");
  assert.equal(zoneName(summer, undefined), "", "no zone is meant but the browser's");
  assert.equal(zoneName(null, "Asia/Kolkata"), "");
  for (const [zone, name] of [["Europe/Berlin", "CEST"], ["Asia/Kolkata", "GMT+5:30"], ["Pacific/Kiritimati", "GMT+14"]]) {
    const same = when(summer, zone, 0) === when(summer, here, 0);
    assert.equal(zoneName(summer, zone), same ? "" : name);
  }
  assert.match(zoneWords(summer, "Pacific/Kiritimati"), /^Pacific\/Kiritimati; here it is /);
  assert.equal(zoneWords(summer, here), undefined);
});

test("zones that show the same time then are not told apart", () => {
  setUsualZone(undefined);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const twin = { UTC: "Africa/Abidjan", "Europe/Berlin": "Europe/Paris" }[here];
  if (twin) assert.equal(zoneName("2026-06-01T12:20:00Z", twin), "");
});

for (const [day, zone, begins] of [
  ["2026-06-01", "UTC", "2026-06-01T00:00:00.000Z"],
  ["2026-06-01", "Europe/Berlin", "2026-05-31T22:00:00.000Z"],
  ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"], // the clocks go forward that night
  ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"],
  ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z"],
  ["2026-09-27", "Pacific/Auckland", "2026-09-26T12:00:00.000Z"], // and here after midnight, but before that of UTC
  ["2026-11-01", "America/New_York", "2026-11-01T04:00:00.000Z"],
  ["2026-06-01", "Pacific/Kiritimati", "2026-05-31T10:00:00.000Z"],
]) {
  test(`${day} begins in ${zone} at ${begins}`, () => assert.equal(midnight(day, zone).toISOString(), begins));
}

test("what is no day begins nowhere", () => assert.equal(midnight("soon", "UTC"), null));

test("a day is told where it is another one, a year where it is another one", () => {
  const now = Date.parse("2026-06-02T12:00:00Z");
  assert.equal(when("2026-06-02T07:05:00Z", "UTC", now), "07:05");
  assert.equal(when("2026-06-01T07:05:00Z", "UTC", now), "Mon 1 Jun, 07:05");
  assert.match(when("2025-06-01T07:05:00Z", "UTC", now), /^Sun,? 1 Jun 2025, 07:05$/);
});

test("how long it lasts is told in the unit that fits", () => {
  assert.deepEqual([-5, 7000, 59_499, 725_000, 3 * 3_600_000 + 300_000, 96 * 3_600_000].map(span), ["0 s", "7 s", "59 s", "12 min", "3 h 05", "4 days"]);
  assert.deepEqual([counted(1, "car"), counted(1200, "car")], ["1 car", "1,200 cars"]);
});

test("a setting reads as a heading", () => {
  assert.deepEqual([heading("meter_interval_s"), heading("leases"), heading("max_power_kw")], ["Meter interval, in s", "Leases", "Max power, in kW"]);
});

test("no cell of a CSV is a formula, and none breaks its row", () => {
  assert.equal(csvRow(["=1+1", "a,b", 'say "x"', -3, null, "@x"]), `'=1+1,"a,b","say ""x""",-3,,'@x`);
});

test("an address keeps any character of an id", () => {
  const id = '<img src=x onerror=alert(1)> a/b?c#d%';
  assert.deepEqual(parse(to(["charge-points", id], { view: "a b", none: "" })), { parts: ["charge-points", id], query: { view: "a b" } });
  assert.deepEqual(parse("#/sites/%E0%A4%A").parts, ["sites", "%E0%A4%A"]);
});

test("a message of the stream has its id and its data, and comments have neither", () => {
  assert.deepEqual(parseMessage('id: 7\nevent: x\ndata: {"a":\ndata: 1}'), { id: "7", data: '{"a":\n1}' });
  assert.deepEqual(parseMessage(": still here"), { id: null, data: null });
});

for (const [type, data, words] of [
  ["charge_point_status_changed", { connector_id: 2, status: "Faulted", error_code: "GroundFailure" }, "connector 2: Faulted, GroundFailure"],
  ["charge_point_status_changed", { connector_id: 0, status: "Available", error_code: "NoError" }, "the whole charge point: Available"],
  ["session_ended", { connector_id: 1, energy_kwh: 12.34, stop_reason: "Local" }, "on connector 1, 12.3\u00a0kWh, Local"],
  ["limit_confirmed", { connector_id: 1, limit_kw: 6.9, purpose: "transaction", answer: "Accepted", detail: "" }, "6.9\u00a0kW for the session on connector 1"],
  ["limit_rejected", { connector_id: 1, limit_kw: 0, purpose: "default", answer: "Rejected", detail: "" }, "0\u00a0kW for connector 1 while it is free, Rejected"],
  ["allocation_changed", { limits: 1, total_budget_kw: 64, permitted_kw: 60, actual_kw: 50 }, "1 limit sent, budget 64\u00a0kW, permitted 60.0\u00a0kW, drawn 50.0\u00a0kW"],
  ["something_new", { a: 1, b: null, c: ["x"] }, 'a 1 · c ["x"]'],
]) {
  test(`an event in words: ${type}, ${words}`, () => assert.equal(eventWords({ type, data }), words));
}

test("every type of event is said without failing, whatever it lacks", () => {
  for (const type of GROUPS.flatMap(([, types]) => types)) {
    const data = new Proxy({}, { get: (_target, name) => (name === "protocol" ? "ocpp1.6" : name === "kind" || name === "what" ? "a_b" : null), ownKeys: () => [] });
    assert.ok(!/undefined|NaN/.test(String(eventWords({ type, data }))), type);
  }
});

test("an event that is told and on record shows once, newest first, with a key that it keeps", () => {
  const fresh = [{ event_id: null, type: "session_updated" }, { event_id: 9 }];
  const past = [{ event_id: 9 }, { event_id: 8 }];
  const shown = merged(fresh, past, 3);
  assert.deepEqual(shown.map((event) => event.event_id), [null, 9, 8]);
  assert.deepEqual(merged(fresh, past, 3).map(({ key }) => key), shown.map(({ key }) => key));
  assert.equal(merged(fresh, past, 2).length, 2);
});
