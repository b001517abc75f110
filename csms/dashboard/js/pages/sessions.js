// Charging sessions: ten thousand of them in one list, filtered, and as CSV.

import { everything, paths } from "../api.js";
import { count, csvRow, kwh, midnight, NONE, span } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { LongList } from "../long-list.js";
import { useNarrow } from "../media.js";
import { PlacedTime } from "../parts.js";
import { replaceQuery, to } from "../router.js";
import { Button, Choice, download, Empty, Field, PageHead, Pill, useAction } from "../ui.js";
import { useZones } from "../zones.js";

const STATES = [["", "All"], ["active", "Charging now"], ["completed", "Ended"]];
const HEAD = ["Began", "Charge point", "Id token", "Lasted", "Energy", "Ended by"];

/** Of the address: what the list is filtered by. Dates are days in the zone of the site, or else in the usual one. */
function filterOf(query, zone) {
  const day = (text, plus) => {
    const date = new Date(`${text}T00:00Z`);
    if (!text || Number.isNaN(date.getTime())) return undefined;
    date.setUTCDate(date.getUTCDate() + plus);
    return midnight(date.toISOString().slice(0, 10), zone)?.toISOString();
  };
  return {
    site_id: query.site_id, charge_point_id: query.charge_point_id, status: query.status,
    from: day(query.from, 0), to: day(query.to, 1),
  };
}

export function Sessions({ query }) {
  const sites = useLive(() => everything(paths.sites), "sites", 0).data ?? [];
  const filter = filterOf(query, useZones().get(query.site_id));
  const change = (fields) => replaceQuery({ ...query, ...fields });
  return html`<${PageHead} title="Sessions" actions=${html`<${Export} filter=${filter} />`} />
    <div class="filters">
      <${Choice} label="Status" options=${STATES} value=${query.status ?? ""} onChange=${(status) => change({ status })} />
      ${sites.length > 1 && html`<${Field} label="Site">${(field) => html`<select ...${field} value=${query.site_id ?? ""} onChange=${(event) => change({ site_id: event.target.value })}>
        <option value="">All sites</option>${sites.map((site) => html`<option key=${site.site_id} value=${site.site_id}>${site.name}</option>`)}
      </select>`}<//>`}
      <${Field} label="Charge point">${(field) => html`<input ...${field} type="search" placeholder="Its whole id" value=${query.charge_point_id ?? ""}
        onChange=${(event) => change({ charge_point_id: event.target.value.trim() })} />`}<//>
      ${[["from", "From"], ["to", "To"]].map(([name, label]) => html`<${Field} key=${name} label=${label}>
        ${(field) => html`<input ...${field} type="date" value=${query[name] ?? ""} onChange=${(event) => change({ [name]: event.target.value })} />`}<//>`)}
    </div>
    <section class="card flush"><${SessionList} filter=${filter} /></section>`;
}

/** The list alone; `zone` where all of them are of one site. */
export function SessionList({ filter, zone }) {
  const narrow = useNarrow();
  const cells = narrow ? narrowCells : wideCells;
  const zones = useZones();
  return html`<${LongList} path=${paths.sessions} query=${filter} rowHeight=${narrow ? 64 : 44} label="Sessions, newest first"
    head=${HEAD.map((title, index) => html`<span key=${title} role="columnheader" class=${`s${index}`}>${title}</span>`)}
    row=${(item) => cells(item, zone ?? zones.get(item?.site_id))}
    empty=${html`<${Empty} icon="sessions" title="No sessions">None match. A session begins when a car is plugged in and may charge.<//>`} />`;
}

const lasted = (item) => (item.started_at ? span(Date.parse(item.ended_at ?? new Date().toISOString()) - Date.parse(item.started_at)) : NONE);

function ending(item) {
  if (item.status === "active") return html`<${Pill} tone="good">Charging now<//>`;
  return item.stop_reason ?? NONE;
}

function wideCells(item, zone) {
  if (!item) return html`<span class="s0 pending" role="cell"></span>`;
  return html`<span class="s0" role="cell"><${PlacedTime} at=${item.started_at ?? item.ended_at} zone=${zone} /></span>
    <span class="s1" role="cell"><a href=${to(["charge-points", item.charge_point_id])}>${item.charge_point_id}</a>${item.connector_id > 1 ? ` (${item.connector_id})` : ""}</span>
    <span class="s2" role="cell" title=${item.id_token ?? ""}>${item.id_token ?? NONE}</span>
    <span class="s3 number" role="cell">${lasted(item)}</span>
    <span class="s4 number" role="cell">${kwh(item.energy_kwh)}</span>
    <span class="s5" role="cell">${ending(item)}</span>`;
}

function narrowCells(item, zone) {
  if (!item) return html`<span class="s0 pending" role="cell"></span>`;
  return html`<span class="s1" role="cell"><a href=${to(["charge-points", item.charge_point_id])}>${item.charge_point_id}</a></span>
    <span class="s4 number" role="cell">${kwh(item.energy_kwh)}</span>
    <span class="s0 muted number" role="cell"><${PlacedTime} at=${item.started_at ?? item.ended_at} zone=${zone} />, ${lasted(item)}</span>
    <span class="s5" role="cell">${ending(item)}</span>`;
}

const COLUMNS = ["session_id", "transaction_id", "charge_point_id", "connector_id", "id_token", "started_at", "ended_at", "energy_kwh", "stop_reason", "status"];

function Export({ filter }) {
  const [progress, setProgress] = useState(null);
  const [run, busy] = useAction(async () => {
    try {
      const items = await everything(paths.sessions, filter, (have, total) => setProgress([have, total]));
      download("sessions.csv", [csvRow(COLUMNS), ...items.map((item) => csvRow(COLUMNS.map((name) => item[name])))].join("\r\n"));
      return items.length;
    } finally {
      setProgress(null);
    }
  }, (number) => `${count(number)} sessions saved as CSV.`);
  return html`<${Button} icon="download" busy=${busy} onClick=${run}>${progress ? `${count(progress[0])} of ${count(progress[1])}` : "CSV"}<//>`;
}

