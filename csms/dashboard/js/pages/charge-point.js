// One charge point: what it is, does and obeys.

import { get, may, paths, Problem } from "../api.js";
import { chargers } from "../chargers.js";
import { Legend, PowerChart } from "../charts.js";
import { exactKw, kw, kwh, NONE, since, when } from "../format.js";
import { html, useMemo } from "../html.js";
import { useLive, useNow } from "../live.js";
import { toneOf } from "../parts.js";
import { to } from "../router.js";
import { Card, Loaded, PageHead, Pill } from "../ui.js";
import { Feed } from "./events.js";
import { SessionList } from "./sessions.js";

const TABS = [
  ["now", "Now", NowTab],
  ["sessions", "Sessions", SessionsTab],
  ["events", "Events", EventsTab],
];

async function load(id, signal) {
  const point = await get(paths.chargePoint(id), undefined, signal);
  const [allocation, site] = await Promise.all([
    get(paths.allocation(point.site_id), undefined, signal),
    get(paths.site(point.site_id), undefined, signal),
  ]);
  return { point, allocation, site };
}

/** What it was seen to draw and to be given, while the tab was open. */
const seen = new Map();
const KEEP = 1800;

function remember({ point, allocation }) {
  const rows = seen.get(point.charge_point_id) ?? [];
  seen.set(point.charge_point_id, rows);
  const at = Date.now() / 1000;
  if (rows.length && at - rows.at(-1).at < 1) return rows;
  const row = allocation.chargers.find((one) => one.charge_point_id === point.charge_point_id);
  rows.push({ at, actual: row ? row.actual_kw : 0, allocated: row?.allocated_kw ?? 0, permitted: row?.permitted_kw ?? null });
  if (rows.length > KEEP) rows.splice(0, rows.length - KEEP);
  return rows;
}

export function ChargePoint({ parts, query }) {
  const [id, tab = "now"] = parts;
  const live = useLive((signal) => load(id, signal), `charge-point/${id}`);
  const offered = TABS.filter(([, , , scope]) => !scope || may(scope));
  const View = (offered.find(([name]) => name === tab) ?? offered[0])[2];
  const data = live.data;
  const one = data && chargers([data.point], data.allocation, data.site.timezone)[0];
  const above = data
    ? html`<a href=${to(["sites"])}>Sites</a> / <a href=${to(["sites", data.site.site_id])}>${data.site.name}</a>`
    : html`<a href=${to(["sites"])}>Sites</a>`;
  const gone = live.error instanceof Problem && live.error.status === 404;
  return html`<${PageHead} title=${id} above=${above} below=${one && [one.make, data.point.protocol?.replace("ocpp", "OCPP ")].filter(Boolean).join(" · ")}
      actions=${one && html`<${Pill} tone=${toneOf(one.doing)}>${one.label}<//>`} />
    ${!gone && html`<nav class="tabs" aria-label="Of this charge point">
      ${offered.map(([name, title]) => html`<a key=${name} href=${to(["charge-points", id, name])} aria-current=${name === tab ? "page" : undefined}>${title}</a>`)}
    </nav>`}
    <${Loaded} of=${live} lines=${8}>
      ${(loaded) => html`<${View} id=${id} one=${one} query=${query} rows=${remember(loaded)} reload=${live.reload} ...${loaded} />`}
    <//>`;
}

function NowTab({ point, one, site, rows }) {
  return html`<div class="stack">
    <${Card} title="Power">
      <p class="figure"><strong>${one.actual === null ? kw(0) : kw(one.actual)}</strong> <span class="muted">of ${exactKw(one.allocated)} allocated${one.reason && `: ${one.reason}`}</span></p>
      <${Power} rows=${rows} length=${rows.length} zone=${site.timezone} />
    <//>
    <${Connectors} point=${point} zone=${site.timezone} />
    <${About} point=${point} zone=${site.timezone} />
  </div>`;
}

function Power({ rows, length, zone }) {
  const last = rows.at(-1)?.at;
  const { x, lines } = useMemo(() => ({
    x: rows.map((row) => row.at),
    lines: [
      { name: "Allocated", values: rows.map((row) => row.allocated), stroke: "allocated-edge", fill: "allocated", stepped: true },
      { name: "Drawn", values: rows.map((row) => row.actual), stroke: "drawn", fill: "given" },
    ],
  }), [length, last]);
  return html`<${PowerChart} x=${x} lines=${lines} zone=${zone} height=${220} from=${Math.min(x[0], last - 300)} to=${last} label="Drawn and allocated power since this page was opened, in kilowatts" />
    <${Legend} items=${[["Drawn", "drawn"], ["Allocated", "allocated"]]} />`;
}

function Connectors({ point, zone }) {
  const now = useNow(10_000);
  return html`<${Card} title="Connectors" class="flush">
    <div class="scroll"><table class="plain">
      <thead><tr><th>Connector</th><th>Status</th><th>Since</th><th>Draws</th><th>Session</th><th>Energy</th><th>Default limit</th><th>Session limit</th></tr></thead>
      <tbody>${point.connectors.map((one) => html`<tr key=${one.connector_id}>
        <th scope="row">${one.connector_id}</th>
        <td>${one.status ?? NONE}${one.error_code && one.error_code !== "NoError" && html`<small>${one.error_code}</small>`}</td>
        <td class="number" title=${when(one.status_at, zone)}>${since(one.status_at, now)}</td>
        <td class="number">${kw(one.actual_kw)}</td>
        <td>${one.transaction ? html`${one.transaction.id_token ?? "no id token"}<small>since ${when(one.transaction.started_at, zone)}</small>` : NONE}</td>
        <td class="number">${kwh(one.transaction?.energy_kwh ?? null)}</td>
        <td class="number">${exactKw(one.limits.default_kw)}<${Doubts} limits=${one.limits} purpose="default" /></td>
        <td class="number">${exactKw(one.limits.transaction_kw)}<${Doubts} limits=${one.limits} purpose="transaction" /></td>
      </tr>`)}</tbody>
    </table></div>
  <//>`;
}

/** Limits that may be in force as well, and how often in a row it refused. */
function Doubts({ limits, purpose }) {
  const open = limits.outstanding.filter((limit) => limit.purpose === purpose);
  const failure = limits.failures.find((one) => one.purpose === purpose);
  return html`${open.map((limit, index) => html`<small key=${index}>or ${exactKw(limit.limit_kw)}, ${limit.awaited ? "answer awaited" : "not answered"}</small>`)}
    ${failure && html`<small class="error">${failure.count}× ${failure.cause}</small>`}`;
}

const yes = (value) => (value === null || value === undefined ? NONE : value === true ? "yes" : value === false ? "no" : String(value));

function About({ point, zone }) {
  const { settings, capabilities } = point;
  const facts = [
    ["Connection", point.connection.connected ? `connected since ${when(point.connection.since, zone)}` : point.connection.since ? `lost ${when(point.connection.since, zone)}` : "never connected"],
    ["Vendor", point.vendor], ["Model", point.model], ["Serial number", point.serial_number], ["Firmware", point.firmware_version],
    ["Booted", when(point.booted_at, zone)], ["First contact", when(point.commissioned_at, zone)],
  ];
  const declared = [
    ["Rated power", exactKw(settings.max_power_kw)], ["Current", [settings.current, settings.phases && `${settings.phases} phases`, settings.phase ?? settings.phase_rotation].filter(Boolean).join(", ")],
    ["Circuit", settings.circuit_id ?? "grid connection"], ["In service", yes(settings.in_service)], ["Never paused", yes(settings.never_pause)],
    ["Limit while offline", exactKw(settings.offline_limit_kw)], ["Password", settings.password_required ? "required" : "not required"],
  ];
  return html`<div class="halves">
    <${Card} title="Charge point"><${Facts} facts=${facts} /><//>
    <${Card} title="Declared"><${Facts} facts=${declared} /><//>
    ${capabilities && html`<${Card} title="What it can do"><${Facts} facts=${Object.entries(capabilities).map(([name, value]) => [title(name), Array.isArray(value) ? value.join(", ") : typeof value === "object" && value ? JSON.stringify(value) : yes(value)])} /><//>`}
  </div>`;
}

const UNITS = { s: "in s", a: "in A", w: "in W", kw: "in kW" };

/** meter_interval_s -> Meter interval, in s */
function title(name) {
  const words = name.split("_");
  const unit = UNITS[words.at(-1)];
  const text = (unit ? words.slice(0, -1) : words).join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${unit ? `, ${unit}` : ""}`;
}

export function Facts({ facts }) {
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value || NONE}</dd></div>`)}</dl>`;
}

function SessionsTab({ id }) {
  return html`<section class="card flush"><${SessionList} filter=${{ charge_point_id: id }} /></section>`;
}

function EventsTab({ id, query }) {
  return html`<${Feed} query=${query} chargePoint=${id} />`;
}
