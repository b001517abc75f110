// Samples over time for the charts. Pure.

import { exactKw } from "./format.js";

export const HOUR_S = 3600;
export const STEP_S = 2; // no two samples closer than this
const SHOWN = 18; // areas of their own; the rest is one

/** What is remembered of one site: rows of time, budget, allocated and each charger's draw. */
export class Recording {
  constructor(keepS = HOUR_S) {
    this.keepS = keepS;
    /** @type {{at: number, budget: number | null, allocated: number | null, total: number, each: Map<string, number> | null, given: Map<string, number> | null}[]} */
    this.rows = [];
  }

  /** A moment of the allocation. */
  add(allocation) {
    const at = Date.parse(allocation.timestamp) / 1000;
    const each = new Map(allocation.chargers.map((row) => [row.charge_point_id, row.actual_kw ?? 0]));
    const given = new Map(allocation.chargers.map((row) => [row.charge_point_id, row.allocated_kw]));
    const row = {
      at,
      budget: allocation.total_budget_kw,
      allocated: allocation.total_allocated_kw,
      total: [...each.values()].reduce((sum, power) => sum + power, 0),
      each,
      given,
    };
    const last = this.rows.at(-1);
    if (last && at <= last.at) return;
    this.rows.push(row);
    this.forget(at);
  }

  /** What is on record of times when nobody looked; `each` is null where only the sum is known. */
  fill(rows, apartS = 60) {
    const missing = rows.filter((row) => !this.rows.some((known) => Math.abs(known.at - row.at) < apartS));
    this.rows = [...this.rows, ...missing].sort((a, b) => a.at - b.at);
  }

  forget(now) {
    const from = this.rows.findIndex((row) => row.at >= now - this.keepS);
    if (from > 0) this.rows.splice(0, from);
  }
}

/** Kept while the tab lives: who comes back to a site finds its chart as it was. */
const recordings = new Map();

/** The recording of a site, with this moment of its allocation in it. @returns {Recording} */
export function recorded(siteId, allocation) {
  if (!recordings.has(siteId)) recordings.set(siteId, new Recording());
  const recording = recordings.get(siteId);
  recording.add(allocation);
  return recording;
}

/**
 * History as rows of a recording. It knows the sum of all chargers; `series` has what each drew, where that was asked for.
 * @param {[string, {at: string, power_kw: number | null}[]][]} series by charge point, a row per connector
 */
export function fromHistory(buckets, granularityS, series = []) {
  const drawn = new Map(); // by the start of the period, then by charge point
  for (const [id, items] of series) {
    for (const item of items) {
      const start = Date.parse(item.at);
      if (!drawn.has(start)) drawn.set(start, new Map());
      drawn.get(start).set(id, (drawn.get(start).get(id) ?? 0) + (item.power_kw ?? 0));
    }
  }
  return buckets.map((bucket) => ({
    at: Date.parse(bucket.period_start) / 1000 + granularityS / 2,
    budget: bucket.total_budget_kw,
    allocated: bucket.total_allocated_kw,
    total: bucket.total_actual_kw,
    each: series.length ? (drawn.get(Date.parse(bucket.period_start)) ?? new Map()) : null,
    given: null,
  }));
}

/**
 * What one charge point drew, from its meter values: a list for each connector. What it was allocated is not on record.
 * @param {{at: string, power_kw: number | null}[][]} connectors
 * @returns {{at: number, actual: number, allocated: null}[]}
 */
export function drawnBefore(connectors, granularityS) {
  const drawn = new Map();
  for (const item of connectors.flat()) {
    const at = Date.parse(item.at) / 1000 + granularityS / 2;
    drawn.set(at, (drawn.get(at) ?? 0) + (item.power_kw ?? 0));
  }
  return [...drawn].sort(([a], [b]) => a - b).map(([at, actual]) => ({ at, actual, allocated: null }));
}

/**
 * Columns for a stacked chart: the area of each charger stands on those before it.
 * Chargers beyond the first eighteen in energy are drawn as one. Where the parts become known the areas begin, and do not
 * grow out of nothing.
 * @param {Recording["rows"]} rows
 * @param {string[]} ids in the order of their declaration
 */
export function stacked(rows, ids) {
  const energy = new Map();
  for (const row of rows) for (const [id, power] of row.each ?? []) energy.set(id, (energy.get(id) ?? 0) + power);
  const seen = ids.filter((id) => energy.get(id) > 0);
  const biggest = new Set([...seen].sort((a, b) => energy.get(b) - energy.get(a)).slice(0, SHOWN));
  const named = seen.filter((id) => biggest.has(id));
  const tops = [...named, null].map(() => []); // the last: all others, and all where only the sum is known
  const begins = (row, index) => index > 0 && row.each && rows[index - 1].each === null;
  const drawn = rows.flatMap((row, index) => (begins(row, index) ? [{ ...row, at: row.at - 0.01, each: null }, row] : [row]));
  for (const row of drawn) {
    let height = 0;
    named.forEach((id, index) => {
      height += row.each?.get(id) ?? 0;
      tops[index].push(height);
    });
    tops[named.length].push(Math.max(row.total, height));
  }
  return {
    names: named,
    x: drawn.map((row) => row.at),
    tops,
    allocated: drawn.map((row) => row.allocated),
    budget: drawn.map((row) => row.budget),
    rest: { unnamed: seen.length > named.length, sums: rows.some((row) => row.each === null && row.total > 0.05) },
  };
}

/** Columns of a chart of a history's buckets; where nothing was recorded there is a gap, and the last step has its width. */
export function steps(buckets, stepS) {
  const x = [];
  const allocated = [];
  const actual = [];
  const budget = [];
  const lowest = [];
  const push = (at, bucket) => {
    x.push(at);
    allocated.push(bucket?.total_allocated_kw ?? null);
    actual.push(bucket?.total_actual_kw ?? null);
    budget.push(bucket?.total_budget_kw ?? null);
    lowest.push(bucket?.lowest_budget_kw ?? null);
  };
  let end = null;
  for (const bucket of buckets) {
    const start = Date.parse(bucket.period_start) / 1000;
    if (end !== null && start > end) push(end, null);
    push(start, bucket);
    end = start + stepS;
  }
  if (end !== null) push(end, buckets.at(-1));
  return { x, allocated, actual, budget, lowest };
}

const TOO_HIGH = 3; // a budget so many times above all else would press it flat

const highest = (columns) => columns.flat().reduce((most, value) => Math.max(most, value ?? 0), 0);

/** The upper end of the scale of a stacked chart, and whether the budget is above it: then what is drawn has the room. */
export function scaleOf(series) {
  const power = highest([series.allocated, series.tops.at(-1)]);
  const budget = highest([series.budget]);
  const above = power > 0.05 && budget > TOO_HIGH * power;
  return { top: niceTop(above ? power : Math.max(power, budget)), above };
}

/** The budget in a legend: where a chart of this scale does not reach to it, how much it was. */
export function budgetWords(budget, { top, above }) {
  if (!above) return "Budget";
  const known = budget.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  if (least <= top) return `Budget: up to ${exactKw(most)}, in part above this`;
  return `Budget: ${least === most ? "" : `${exactKw(least)} to `}${exactKw(most)}, above this`;
}

/** A scale's upper end: a round number at or above what is shown. */
export function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12].map((step) => step * power).find((top) => top >= value * 1.02);
}
