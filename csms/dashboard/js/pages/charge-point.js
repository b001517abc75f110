// One charge point: what it is, does and obeys.

import { get, may, paths, Problem } from "../api.js";
import { Commands } from "../charge-point/commands.js";
import { Device } from "../charge-point/device.js";
import { Messages } from "../charge-point/messages.js";
import { Now } from "../charge-point/now.js";
import { chargers } from "../chargers.js";
import { html, useEffect, useState } from "../html.js";
import { useLive } from "../live.js";
import { toneOf } from "../parts.js";
import { drawnBefore, HOUR_S, recorded } from "../series.js";
import { to } from "../router.js";
import { Loaded, PageHead, Pill, Tabs } from "../ui.js";
import { Feed } from "./events.js";
import { SessionList } from "./sessions.js";

const TABS = [
  ["now", "Now", Now],
  ["sessions", "Sessions", SessionsTab],
  ["commands", "Commands", Commands],
  ["device", "Device", Device],
  ["messages", "Messages", Messages],
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

/** The last hour minute by minute, as far as it was metered; asked for once. */
function usePast(point) {
  const [past, setPast] = useState([]);
  useEffect(() => {
    if (!point) return;
    const asked = { granularity: "1min", from: new Date(Date.now() - HOUR_S * 1000).toISOString() };
    Promise.all(point.connectors.map(({ connector_id }) => get(paths.meterValues(point.charge_point_id), { ...asked, connector_id })))
      .then((pages) => setPast(drawnBefore(pages.map((page) => page.items), 60)))
      .catch(() => {}); // the chart then begins now; the page says by itself that the server is gone
  }, [point?.charge_point_id]);
  return past;
}

/** What it drew before, then what was seen since. */
function withPast(past, rows) {
  return [...past.filter((row) => !rows.length || row.at < rows[0].at), ...rows];
}

/** What it was seen to draw and to be given while the tab was open, here or with its site. */
function powerOf({ point, allocation }) {
  const id = point.charge_point_id;
  return recorded(point.site_id, allocation).rows
    .filter((row) => row.each !== null)
    .map((row) => ({ at: row.at, actual: row.each.get(id) ?? 0, allocated: row.given ? (row.given.get(id) ?? 0) : null }));
}

export function ChargePoint({ parts, query }) {
  const [id, tab = "now"] = parts;
  const live = useLive((signal) => load(id, signal), `charge-point/${id}`);
  const offered = TABS.filter(([, , , scope]) => !scope || may(scope));
  const View = (offered.find(([name]) => name === tab) ?? offered[0])[2];
  const data = live.data;
  const past = usePast(data?.point);
  const one = data && chargers([data.point], data.allocation, data.site.timezone)[0];
  const above = data
    ? html`<a href=${to(["sites"])}>Sites</a> / <a href=${to(["sites", data.site.site_id])}>${data.site.name}</a>`
    : html`<a href=${to(["sites"])}>Sites</a>`;
  const gone = live.error instanceof Problem && live.error.status === 404;
  return html`<${PageHead} title=${id} above=${above} below=${one && [one.make, data.point.protocol?.replace("ocpp", "OCPP ")].filter(Boolean).join(" · ")}
      actions=${one && html`<${Pill} tone=${toneOf(one.doing)}>${one.label}<//>`} />
    ${!gone && html`<${Tabs} label="Of this charge point" items=${offered} shown=${tab} href=${(name) => to(["charge-points", id, name])} />`}
    <${Loaded} of=${live} lines=${8}>
      ${(loaded) => html`<${View} id=${id} one=${one} query=${query} rows=${withPast(past, powerOf(loaded))} reload=${live.reload} ...${loaded} />`}
    <//>`;
}

function SessionsTab({ id, site }) {
  return html`<section class="card flush"><${SessionList} filter=${{ charge_point_id: id }} zone=${site.timezone} /></section>`;
}

function EventsTab({ id, query, site }) {
  return html`<${Feed} query=${query} chargePoint=${id} zone=${site.timezone} />`;
}
