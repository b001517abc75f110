// Samples over time, and the columns of the charts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetWords, drawnBefore, fromHistory, niceTop, Recording, scaleOf, stacked, steps } from "./js/series.js";

const allocation = (at, draws) => ({
  timestamp: new Date(at * 1000).toISOString(), total_budget_kw: 30, total_allocated_kw: 20,
  chargers: Object.entries(draws).map(([charge_point_id, actual_kw]) => ({ charge_point_id, actual_kw, allocated_kw: 10 })),
});

test("a recording keeps its time, takes no moment twice, and forgets what is old", () => {
  const recording = new Recording(60);
  for (const at of [100, 102, 102, 101, 170]) recording.add(allocation(at, { A: 5, B: null }));
  assert.deepEqual(recording.rows.map((row) => row.at), [170]);
  assert.equal(recording.rows[0].total, 5);
});

test("what is on record fills the time when nobody looked, and nothing else", () => {
  const recording = new Recording();
  recording.add(allocation(600, { A: 5 }));
  recording.fill([{ at: 480 }, { at: 570 }, { at: 660 }]);
  assert.deepEqual(recording.rows.map((row) => row.at), [480, 600, 660]);
});

test("areas stand on each other, and on top is the sum of all", () => {
  const recording = new Recording();
  recording.add(allocation(100, { A: 4, B: 3 }));
  recording.add(allocation(102, { A: 0, B: 3 }));
  const { names, x, tops } = stacked(recording.rows, ["B", "A", "C"]);
  assert.deepEqual(names, ["B", "A"]);
  assert.deepEqual(x, [100, 102]);
  assert.deepEqual(tops, [[3, 3], [7, 3], [7, 3]]);
});

test("where only the sum is known it is one area, and the parts begin where they are known", () => {
  const buckets = [{ period_start: "1970-01-01T00:00:00Z", total_allocated_kw: 10, total_actual_kw: 8 }];
  const recording = new Recording();
  recording.fill(fromHistory(buckets, 60));
  recording.add(allocation(100, { A: 6, B: 2 }));
  const { x, tops, rest } = stacked(recording.rows, ["A", "B"]);
  assert.deepEqual(x, [30, 99.99, 100]);
  assert.deepEqual(tops, [[0, 0, 6], [0, 0, 8], [8, 8, 8]]);
  assert.equal(rest.sums, true);
});

test("the budget of the time before is that on record, and none where none is", () => {
  const bucket = { total_allocated_kw: 10, total_actual_kw: 8 };
  const buckets = [
    { ...bucket, period_start: "1970-01-01T00:00:00Z", total_budget_kw: null },
    { ...bucket, period_start: "1970-01-01T00:01:00Z", total_budget_kw: 12.5 },
  ];
  const recording = new Recording();
  recording.fill(fromHistory(buckets, 60));
  recording.add(allocation(200, { A: 6 }));
  assert.deepEqual(stacked(recording.rows, ["A"]).budget, [null, 12.5, 30, 30]);
});

test("a history view has a column of each figure, a gap where nothing was recorded, and the last step has its width", () => {
  const bucket = (period_start, power, budget) => ({
    period_start, total_allocated_kw: power, total_actual_kw: power - 1, total_budget_kw: budget, lowest_budget_kw: budget && budget - 2,
  });
  const buckets = [bucket("1970-01-01T00:00:00Z", 3, null), bucket("1970-01-01T00:01:00Z", 4, 20), bucket("1970-01-01T00:03:00Z", 5, 30)];
  assert.deepEqual(steps(buckets, 60), {
    x: [0, 60, 120, 180, 240],
    allocated: [3, 4, null, 5, 5],
    actual: [2, 3, null, 4, 4],
    budget: [null, 20, null, 30, 30],
    lowest: [null, 18, null, 28, 28],
  });
  assert.deepEqual(steps([], 60).x, []);
});

test("a budget above the chart is told in its legend", () => {
  const words = (budget, top, above) => budgetWords(budget, { top, above }).replaceAll("\u00a0", " ");
  assert.equal(words([null, 30], 35, false), "Budget");
  assert.equal(words([null, 30, 30], 10, true), "Budget: 30 kW, above this");
  assert.equal(words([44.5, 30], 10, true), "Budget: 30 kW to 44.5 kW, above this");
  assert.equal(words([8, null, 30], 10, true), "Budget: up to 30 kW, in part above this");
});

test("of many chargers the smaller ones are one area", () => {
  const draws = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`C${index}`, index + 1]));
  const recording = new Recording();
  recording.add(allocation(100, draws));
  const { names, tops, rest } = stacked(recording.rows, Object.keys(draws));
  assert.equal(names.length, 18);
  assert.ok(names.includes("C29") && !names.includes("C0"));
  assert.equal(tops.at(-1)[0], 465);
  assert.equal(rest.unnamed, true);
});

test("a history is drawn by charger where what each drew was asked for", () => {
  const buckets = [{ period_start: "1970-01-01T00:01:00Z", total_allocated_kw: 10, total_actual_kw: 8 }];
  const [row] = fromHistory(buckets, 60, [["A", [{ at: "1970-01-01T00:01:00Z", power_kw: 5 }]], ["A", [{ at: "1970-01-01T00:01:00Z", power_kw: 3 }]]]);
  assert.equal(row.at, 90);
  assert.deepEqual([...row.each], [["A", 8]]);
});

test("a scale ends at a round number at or above what is shown", () => {
  assert.deepEqual([0, 0.9, 17, 64, 98.5, 700].map(niceTop), [1, 1, 20, 70, 120, 800]);
});

test("the scale reaches to the budget, unless that would press what is drawn flat", () => {
  const of = (drawn, allocated, budget) => scaleOf({ tops: [drawn], allocated, budget });
  assert.deepEqual(of([5, 10], [null, 11], [null, 30]), { top: 35, above: false });
  assert.deepEqual(of([5, 10], [null, 11], [null, 1000]), { top: 12, above: true });
  assert.deepEqual(of([0], [0], [50]), { top: 60, above: false });
});

test("what a charge point drew before is the sum of its connectors, in order", () => {
  const item = (at, power_kw) => ({ at: new Date(at * 1000).toISOString(), power_kw });
  assert.deepEqual(drawnBefore([[item(60, 2), item(120, null)], [item(0, 1), item(60, 3)]], 60), [
    { at: 30, actual: 1, allocated: null }, { at: 90, actual: 5, allocated: null }, { at: 150, actual: 0, allocated: null },
  ]);
});
