// What a charger is doing, and whether a site is well, from what the API answers. Pure.

import { counted, exactKw, kw, time } from "./format.js";

/**
 * @typedef {"charging" | "waiting" | "paused" | "plugged" | "idle" | "faulted" | "offline" | "off" | "new"} Doing
 * @typedef {{
 *   id: string, site: string, make: string, doing: Doing, label: string, allocated: number | null,
 *   actual: number | null, permitted: number | null, confirmed: boolean, energy: number | null, phases: string,
 *   since: string | null, reason: string, rated: number | null,
 * }} Charger
 */

export const LABELS = {
  charging: "Charging",
  waiting: "Waiting",
  paused: "Paused",
  plugged: "Plugged in",
  idle: "Free",
  faulted: "Faulted",
  offline: "Offline",
  off: "Out of service",
  new: "Never seen",
};

const WORDS = {
  SuspendedEV: "Car takes nothing",
  SuspendedEVSE: "Paused",
  Finishing: "Finishing",
  Preparing: "Plugged in",
  Occupied: "Plugged in",
  Reserved: "Reserved",
  Unavailable: "Unavailable",
};

/** Charge points of a site with their rows of the allocation. @returns {Charger[]} */
export function chargers(points, allocation, zone) {
  const rows = new Map((allocation?.chargers ?? []).map((row) => [row.charge_point_id, row]));
  return points.map((point) => charger(point, rows.get(point.charge_point_id), zone));
}

function charger(point, row, zone) {
  const doing = whatItDoes(point, row);
  const status = row?.status ?? point.status;
  const running = point.connectors.map((connector) => connector.transaction).filter(Boolean);
  const energies = running.map((transaction) => transaction.energy_kwh).filter((energy) => energy !== null);
  const held = heldKw(point);
  return {
    id: point.charge_point_id,
    site: point.site_id,
    make: [point.vendor, point.model].filter(Boolean).join(" "),
    doing,
    label: (doing === "paused" || doing === "plugged" || doing === "off" ? WORDS[status] : null) ?? LABELS[doing],
    allocated: row?.allocated_kw ?? null,
    actual: row?.actual_kw ?? null,
    permitted: row?.permitted_kw ?? null,
    confirmed: row?.confirmed ?? true,
    energy: energies.length ? energies.reduce((sum, energy) => sum + energy, 0) : null,
    phases: phases(point.settings),
    since: sinceWhen(point, doing, running),
    reason: reason(point, row, doing, held, zone),
    rated: point.settings.max_power_kw,
  };
}

/** @returns {Doing} */
function whatItDoes(point, row) {
  const status = row?.status ?? point.status;
  if (!point.settings.in_service) return "off";
  if (!point.commissioned_at) return "new";
  if (!point.connection.connected) return "offline";
  if (point.connectors.some((connector) => connector.status === "Faulted")) return "faulted";
  if (row?.waiting) return "waiting";
  if (row) return status === "Charging" || (row.actual_kw ?? 0) > 0.1 ? "charging" : "paused";
  if (status === "Unavailable") return "off";
  if (!status || status === "Available") return "idle";
  return "plugged";
}

function phases(settings) {
  if (settings.current === "DC") return "DC";
  if (settings.phases === 1) return settings.phase ? `1 (${settings.phase})` : "1";
  return settings.phases ? String(settings.phases) : "";
}

/** What is kept for it while nobody can divide anything to it: its default profiles. null: not known. */
function heldKw(point) {
  const defaults = point.connectors.map((connector) => connector.limits.default_kw);
  return defaults.some((limit) => limit === null) ? null : defaults.reduce((sum, limit) => sum + limit, 0);
}

function sinceWhen(point, doing, running) {
  if (doing === "offline") return point.connection.since;
  const starts = running.map((transaction) => transaction.started_at).filter(Boolean);
  if (starts.length) return starts.sort()[0];
  const told = point.connectors.map((connector) => connector.status_at).filter(Boolean);
  return told.sort().at(-1) ?? null;
}

function reason(point, row, doing, held, zone) {
  if (doing === "new") return "has never connected; nothing is kept for it";
  if (doing === "off") return point.settings.in_service ? "set unavailable" : "declared out of service; counts nothing";
  if (doing === "offline") {
    const kept = row ? row.permitted_kw : held;
    if (kept === null || kept === undefined) return "offline";
    return kept === 0 ? "offline, nothing reserved" : `offline: ${exactKw(kept)} reserved`;
  }
  if (doing === "faulted") {
    const codes = point.connectors.map((connector) => connector.error_code).filter((code) => code && code !== "NoError");
    return codes.length ? `fault: ${[...new Set(codes)].join(", ")}` : "reports a fault";
  }
  if (doing === "waiting") {
    const why = row.reason.replace(/^waits: /, "");
    return row.expected_start ? `waits, turn at about ${time(row.expected_start, zone)}: ${why}` : `waits: ${why}`;
  }
  if (row) return row.reason;
  return held ? `${exactKw(held)} kept for a car that plugs in` : "";
}

/** How many do what. @returns {Record<Doing, number>} */
export function tally(list) {
  const counts = Object.fromEntries(Object.keys(LABELS).map((doing) => [doing, 0]));
  for (const one of list) counts[one.doing] += 1;
  return counts;
}

/** What the chargers of a site draw together, as far as it is known. */
export const drawn = (allocation) => (allocation?.chargers ?? []).reduce((sum, row) => sum + (row.actual_kw ?? 0), 0);

/**
 * Is all well here? In one line, with what is the matter below it.
 * @returns {{tone: "good" | "warn" | "bad", headline: string, notes: {tone: string, text: string}[]}}
 */
export function verdict(allocation, list, alarms, zone) {
  const counts = tally(list);
  const notes = alarms.slice(0, ALARMS).map((alarm) => ({ tone: "bad", text: alarmText(alarm) }));
  if (alarms.length > ALARMS) notes.push({ tone: "bad", text: `${counted(alarms.length - ALARMS, "more alarm")} under Events.` });
  if (allocation.total_permitted_kw > allocation.total_budget_kw + 0.0005 && !alarms.length) {
    const over = allocation.total_permitted_kw - allocation.total_budget_kw;
    notes.push({ tone: "warn", text: `Up to ${exactKw(round3(over))} too much until the chargers have followed.` });
  }
  for (const [doing, tone] of [["faulted", "bad"], ["offline", "warn"]]) {
    if (counts[doing]) notes.push({ tone, text: named(list, doing) });
  }
  if (counts.waiting) notes.push({ tone: "wait", text: waitingText(list, allocation, zone) });
  if (counts.new) notes.push({ tone: "calm", text: named(list, "new") });
  const worst = ["bad", "warn"].find((tone) => notes.some((note) => note.tone === tone)) ?? "good";
  return { tone: worst, headline: headline(counts, allocation, list), notes };
}

function headline(counts, allocation, list) {
  if (!list.length) return "No chargers yet";
  if (!counts.charging) return counts.waiting ? "Nobody is charging yet" : "Nobody is charging";
  return `${counted(counts.charging, "car")} ${counts.charging === 1 ? "charges" : "charge"} at ${kw(drawn(allocation))}`;
}

/** What sets the budget, as a part of a sentence. */
export const limitSource = (source) => (/^(configured|grid|time window|temporary|building|site)/.test(source) ? `the ${source}` : source);

const ALARMS = 3; // told with the site; all of them stand among the events

/** An alarm in words that name the place. */
export const alarmText = (alarm) =>
  alarm.text.includes(alarm.subject.split("/")[0]) || alarm.subject.startsWith("grid") ? alarm.text : `${alarm.subject}: ${alarm.text}`;

const FEW = 3;

function named(list, doing) {
  const those = list.filter((one) => one.doing === doing);
  if (doing === "new") {
    const who = those.length > FEW ? counted(those.length, "charger") : those.map((one) => one.id).join(", ");
    return `${who} ${those.length === 1 ? "has" : "have"} never connected.`;
  }
  const verb = { faulted: "faulted", offline: "offline" }[doing];
  if (those.length > FEW) return `${those.length} chargers are ${verb}.`;
  if (doing === "offline") return those.map((one) => `${one.id} is ${one.reason}.`).join(" ");
  return `${those.map((one) => one.id).join(", ")} ${those.length === 1 ? "is" : "are"} ${verb}.`;
}

function waitingText(list, allocation, zone) {
  const those = list.filter((one) => one.doing === "waiting");
  const starts = allocation.chargers.map((row) => row.expected_start).filter(Boolean).sort();
  const next = starts.length ? ` Next turn at about ${time(starts[0], zone)}.` : "";
  const who = those.length > FEW ? counted(those.length, "car") : those.map((one) => one.id).join(", ");
  return `${who} ${those.length === 1 ? "waits" : "wait"} for power: there is too little for everybody at once.${next}`;
}

const round3 = (value) => Math.round(value * 1000) / 1000;

/** The circuits as a tree, each with its load and its charge points. */
export function circuitTree(site, allocation) {
  const loads = new Map((allocation?.circuits ?? []).map((row) => [row.circuit_id, row]));
  const onCircuit = new Set(site.circuits.flatMap((circuit) => circuit.charge_point_ids));
  const node = (id, chargePoints, declared) => ({
    id,
    name: id === "grid" ? "Grid connection" : id,
    chargePoints,
    maxKw: loads.get(id)?.max_power_kw ?? declared?.max_power_kw ?? null,
    maxA: loads.get(id)?.max_current_a ?? declared?.max_current_a ?? null,
    kw: loads.get(id)?.permitted_kw ?? null,
    currents: loads.get(id)?.permitted_a ?? [],
    children: site.circuits
      .filter((circuit) => circuit.parent === id)
      .map((circuit) => node(circuit.circuit_id, circuit.charge_point_ids, circuit)),
  });
  return node("grid", site.charge_point_ids.filter((id) => !onCircuit.has(id)), null);
}
