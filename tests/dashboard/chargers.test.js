// What a charger does and why, and whether all is well.

import assert from "node:assert/strict";
import { test } from "node:test";
import { alarmText, chargers, circuitTree, limitSource, tally, verdict } from "./js/chargers.js";

const connector = (more = {}) => ({
  connector_id: 1, status: "Available", error_code: "NoError", status_at: "2026-06-01T10:00:00Z", actual_kw: null, transaction: null,
  limits: { default_kw: 0, transaction_kw: null, outstanding: [], failures: [] }, ...more,
});
const point = (id, more = {}) => ({
  charge_point_id: id, site_id: "park", status: "Available", vendor: "Acme", model: "One", commissioned_at: "2026-06-01T09:00:00Z",
  connection: { connected: true, ready: true, since: "2026-06-01T09:00:00Z" }, settings: { in_service: true, current: "AC", phases: 3, max_power_kw: 22 },
  connectors: [connector()], ...more,
});
const row = (id, more = {}) => ({
  charge_point_id: id, status: "Charging", allocated_kw: 11, actual_kw: 10.5, permitted_kw: 11, confirmed: true, waiting: false, expected_start: null,
  reason: "shares 22 kW equally with 1 other", ...more,
});
const site = (rows, more = {}) => ({
  chargers: rows, total_budget_kw: 22, total_permitted_kw: 22, reserved_kw: 0, limit_source: "configured maximum", ...more,
});

for (const [name, given, row_, doing, reason] of [
  ["it charges and says by what rule", point("A"), row("A"), "charging", "shares 22 kW equally with 1 other"],
  ["it waits with its turn and what it lacks", point("A"), row("A", { allocated_kw: 0, actual_kw: 0, waiting: true, expected_start: "2026-06-01T12:20:00Z", reason: "waits: needs 4.2 kW, no room" }),
    "waiting", "waits, turn at about 14:20: needs 4.2 kW, no room"],
  ["it waits without a known turn", point("A"), row("A", { waiting: true, reason: "waits: needs 4.2 kW, no room" }), "waiting", "waits: needs 4.2 kW, no room"],
  ["a car that takes nothing pauses", point("A"), row("A", { status: "SuspendedEV", actual_kw: 0 }), "paused", "shares 22 kW equally with 1 other"],
  ["gone, with what is kept for it", point("A", { connection: { connected: false, since: "2026-06-01T09:30:00Z" } }), row("A", { permitted_kw: 7.4 }), "offline", "offline: 7.4\u00a0kW reserved"],
  ["gone and idle, nothing is kept", point("A", { connection: { connected: false, since: null } }), undefined, "offline", "offline, nothing reserved"],
  ["faulted, with its code", point("A", { connectors: [connector({ status: "Faulted", error_code: "GroundFailure" })] }), undefined, "faulted", "fault: GroundFailure"],
  ["declared out of service", point("A", { settings: { in_service: false } }), undefined, "off", "declared out of service; counts nothing"],
  ["never seen", point("A", { commissioned_at: null }), undefined, "new", "has never connected; nothing is kept for it"],
  ["free", point("A"), undefined, "idle", ""],
]) {
  test(`a charger: ${name}`, () => {
    const [one] = chargers([given], site(row_ ? [row_] : []), "Europe/Berlin");
    assert.equal(one.doing, doing);
    assert.equal(one.reason, reason);
  });
}

test("energy is that of all sessions of a charger, and not known where none is", () => {
  const session = (energy_kwh) => connector({ transaction: { session_id: 1, id_token: null, started_at: "2026-06-01T10:00:00Z", energy_kwh } });
  const of = (...connectors) => chargers([point("A", { connectors })], site([row("A")]), "UTC")[0].energy;
  assert.equal(of(session(1.5), session(2), session(null)), 3.5);
  assert.equal(of(session(null)), null);
});

test("all is well, and nothing else is said", () => {
  const list = chargers([point("A"), point("B")], site([row("A"), row("B")]), "UTC");
  assert.deepEqual(verdict(site([row("A"), row("B")]), list, [], "UTC"), { tone: "good", headline: "2 cars charge at 21.0\u00a0kW", notes: [] });
});

test("the worst decides the tone, alarms come first, and those who wait are named", () => {
  const waiting = row("B", { waiting: true, allocated_kw: 0, actual_kw: 0, expected_start: "2026-06-01T12:20:00Z", reason: "waits: no room" });
  const allocation = site([row("A"), waiting]);
  const list = chargers([point("A"), point("B"), point("C", { connection: { connected: false, since: null } })], allocation, "UTC");
  const alarm = { kind: "limit_exceeded", subject: "A/1", text: "connector 1 draws 16 kW, more than it is permitted" };
  const { tone, headline, notes } = verdict(allocation, list, [alarm], "UTC");
  assert.equal(tone, "bad");
  assert.equal(headline, "1 car charges at 10.5\u00a0kW");
  assert.deepEqual(notes.map((note) => note.tone), ["bad", "warn", "wait"]);
  assert.equal(notes[0].text, "A/1: connector 1 draws 16 kW, more than it is permitted");
  assert.match(notes[2].text, /^B waits for power: .* Next turn at about 12:20\.$/);
});

test("what exceeds the budget is said where no alarm says it", () => {
  const { tone, notes } = verdict(site([row("A")], { total_permitted_kw: 25.5 }), chargers([point("A")], site([row("A")]), "UTC"), [], "UTC");
  assert.equal(tone, "warn");
  assert.equal(notes[0].text, "Up to 3.5\u00a0kW too much until the chargers have followed.");
});

test("a site without chargers says so", () => {
  assert.equal(verdict(site([]), [], [], "UTC").headline, "No chargers yet");
});

test("every charger is counted once", () => {
  const list = chargers([point("A"), point("B")], site([row("A")]), "UTC");
  const counts = tally(list);
  assert.equal(counts.charging, 1);
  assert.equal(counts.idle, 1);
  assert.equal(Object.values(counts).reduce((a, b) => a + b), 2);
});

test("an alarm names its place once", () => {
  assert.equal(alarmText({ subject: "CP-1/1", text: "CP-1 draws too much" }), "CP-1 draws too much");
  assert.equal(alarmText({ subject: "CP-1/1", text: "draws too much" }), "CP-1/1: draws too much");
});

test("what sets the budget is a part of a sentence", () => {
  assert.equal(limitSource("configured maximum"), "the configured maximum");
  assert.equal(limitSource("temporary limit of grid-operator"), "the temporary limit of grid-operator");
});

test("circuits are a tree, and who is on none hangs on the grid connection", () => {
  const tree = circuitTree({
    circuits: [
      { circuit_id: "hall", parent: "grid", max_power_kw: 40, max_current_a: null, charge_point_ids: ["A"] },
      { circuit_id: "row", parent: "hall", max_power_kw: null, max_current_a: 32, charge_point_ids: ["B"] },
    ],
    charge_point_ids: ["A", "B", "C"],
  }, { circuits: [{ circuit_id: "grid", max_power_kw: 60, max_current_a: null, permitted_kw: 12, permitted_a: [1, 2, 3] }] });
  assert.deepEqual(tree.chargePoints, ["C"]);
  assert.equal(tree.kw, 12);
  assert.equal(tree.children[0].id, "hall");
  assert.deepEqual(tree.children[0].children[0].chargePoints, ["B"]);
  assert.equal(tree.children[0].children[0].maxA, 32);
});
