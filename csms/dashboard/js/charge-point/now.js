// A charge point as it is now: its power, its connectors, what it is and can do.

import { Legend, PowerChart } from "../charts.js";
import { may, paths, post } from "../api.js";
import { exactKw, kw, kwh, NONE, since, when } from "../format.js";
import { html, useMemo, useState } from "../html.js";
import { useNow } from "../live.js";
import { Note } from "../parts.js";
import { go } from "../router.js";
import { ChargePointDialog } from "../site/charge-point-form.js";
import { Button, Card, Dialog, useAction } from "../ui.js";
import { AccessCard } from "./access.js";
import { LocalListCard } from "./local-list.js";

export function Now({ point, one, site, rows, reload }) {
  return html`<div class="stack">
    <${Card} title="Power">
      <p class="figure"><strong>${one.actual === null ? kw(0) : kw(one.actual)}</strong> <span class="muted">of ${exactKw(one.allocated)} allocated${one.reason && `: ${one.reason}`}</span></p>
      ${point.power_limits.map((limit) => html`<${Note} key=${limit.connector_id} tone="calm">${limitWords(limit, site.timezone)}<//>`)}
      <${Power} rows=${rows} length=${rows.length} zone=${site.timezone} />
    <//>
    <${Connectors} point=${point} zone=${site.timezone} reload=${reload} />
    <${About} point=${point} site=${site} reload=${reload} />
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
  return html`<${PowerChart} x=${x} lines=${lines} zone=${zone} height=${220} from=${Math.min(x[0], last - 60)} to=${last} label="Drawn power of the last hour, and allocated power since this page was opened, in kilowatts" />
    <${Legend} items=${[["Drawn", "drawn"], ["Allocated", "allocated"]]} />`;
}

function Connectors({ point, zone, reload }) {
  const now = useNow(10_000);
  return html`<${Card} title="Connectors" class="flush">
    <div class="scroll"><table class="plain stacked">
      <thead><tr><th>Connector</th><th>Status</th><th>Since</th><th>Draws</th><th>Session</th><th>Energy</th><th>Default limit</th><th>Session limit</th></tr></thead>
      <tbody>${point.connectors.map((one) => html`<tr key=${one.connector_id}>
        <th scope="row"><span class="stacked-word">Connector </span>${one.connector_id}</th>
        <td data-label="Status"><span>${one.status ?? NONE}</span>${one.error_code && one.error_code !== "NoError" && html`<small>${one.error_code}</small>`}</td>
        <td class="number" data-label="Since" title=${when(one.status_at, zone)}>${since(one.status_at, now)}</td>
        <td class="number" data-label="Draws">${kw(one.actual_kw)}</td>
        <td data-label="Session">${one.transaction ? html`<span>${one.transaction.id_token ?? "no id token"}</span><small>since ${when(one.transaction.started_at, zone)}</small>
          ${may("control") && one.transaction.forgotten && html`<${Forgotten} session=${one.transaction} reload=${reload} />`}` : NONE}</td>
        <td class="number" data-label="Energy">${kwh(one.transaction?.energy_kwh ?? null)}</td>
        <td class="number" data-label="Default limit"><span>${exactKw(one.limits.default_kw)}</span><${Doubts} limits=${one.limits} purpose="default" /></td>
        <td class="number" data-label="Session limit"><span>${exactKw(one.limits.transaction_kw)}</span><${Doubts} limits=${one.limits} purpose="transaction" /></td>
      </tr>`)}</tbody>
    </table></div>
  <//>`;
}

/** What an operator allows it, in a sentence. */
function limitWords(limit, zone) {
  const where = limit.connector_id === null ? "An operator" : `On connector ${limit.connector_id} an operator`;
  return `${where} allows at most ${exactKw(limit.max_power_kw)} ${limit.until ? `until ${when(limit.until, zone)}` : "until that is lifted"}.`;
}

/** Ends a session in the books alone: its charge point says by its status that nobody charges there. */
function Forgotten({ session, reload }) {
  const [asked, setAsked] = useState(false);
  const [close, busy] = useAction(async () => {
    await post(paths.closeSession(session.session_id));
    setAsked(false);
    reload();
  }, "Closed.");
  return html`<${Button} kind="small" onClick=${() => setAsked(true)}>Close …<//>
    <${Dialog} title="Close a forgotten session" open=${asked} onClose=${() => setAsked(false)}>
      <div class="form">
        <p>The charge point does not say that anybody charges on this connector, yet the session's end was never told. Closing it ends it here;
          the charge point is not asked. If its end comes after all, that takes its place.</p>
        <div class="form-actions"><${Button} kind="primary" busy=${busy} onClick=${close}>Close the session<//></div>
      </div>
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

function About({ point, site, reload }) {
  const { settings } = point;
  const zone = site.timezone;
  const [open, setOpen] = useState(undefined);
  const close = () => {
    setOpen(undefined);
    reload();
  };
  const facts = [
    ["Connection", point.connection.connected ? `connected since ${when(point.connection.since, zone)}` : point.connection.since ? `lost ${when(point.connection.since, zone)}` : "never connected"],
    ["Vendor", point.vendor], ["Model", point.model], ["Serial number", point.serial_number], ["Firmware", point.firmware_version],
    ["Booted", when(point.booted_at, zone)], ["First contact", when(point.commissioned_at, zone)],
  ];
  const declared = [
    ["Rated power", exactKw(settings.max_power_kw)], ["Current", [settings.current, settings.phases && `${settings.phases} phases`, settings.phase ?? settings.phase_rotation].filter(Boolean).join(", ")],
    ["Circuit", settings.circuit_id ?? "grid connection"], ["In service", yes(settings.in_service)], ["Never paused", yes(settings.never_pause)],
    ["Limit while offline", exactKw(settings.offline_limit_kw)], ["Security profile", `at least ${settings.security_profile}`],
  ];
  return html`<div class="halves">
    <${Card} title="Charge point"><${Facts} facts=${facts} /><//>
    <${Card} title="Declared" actions=${may("admin") && html`<${Button} kind="small" onClick=${() => setOpen(point.charge_point_id)}>Change<//>`}><${Facts} facts=${declared} /><//>
    <${ChargePointDialog} site=${site} id=${open} onClose=${close} onRemoved=${() => go(["sites", site.site_id])} />
    <${AccessCard} point=${point} zone=${zone} reload=${reload} />
    <${LocalListCard} point=${point} zone=${zone} />
  </div>`;
}

export function Facts({ facts }) {
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value || NONE}</dd></div>`)}</dl>`;
}

