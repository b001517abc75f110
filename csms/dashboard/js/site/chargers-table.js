// Every charger of a site in a row: what it does, what it gets, and why.

import { may } from "../api.js";
import { LABELS, tally } from "../chargers.js";
import { kw, kwh, NONE, since, when } from "../format.js";
import { html, useState } from "../html.js";
import { useNow } from "../live.js";
import { ChargerBar, toneOf } from "../parts.js";
import { to } from "../router.js";
import { Card, Empty, Pill } from "../ui.js";

const COLUMNS = [
  ["id", "Charger", (one) => one.id],
  ["doing", "Status", (one) => Object.keys(LABELS).indexOf(one.doing)],
  ["actual", "Draws / allocated", (one) => -(one.actual ?? one.allocated ?? -1)],
  ["energy", "Energy", (one) => -(one.energy ?? -1)],
  ["phases", "Phases", (one) => one.phases],
  ["since", "Since", (one) => one.since ?? ""],
  ["reason", "Why", (one) => one.reason],
];

export function Chargers({ site, list, colours, onMark }) {
  const [only, setOnly] = useState(null);
  const [order, setOrder] = useState(null);
  const now = useNow(10_000);
  const counts = tally(list);
  const full = Math.max(1, ...list.map((one) => Math.max(one.rated ?? 0, one.allocated ?? 0, one.actual ?? 0)));
  const shown = sorted(only && counts[only] ? list.filter((one) => one.doing === only) : list, order);
  return html`<${Card} title="Chargers" class="flush" actions=${html`<${Filter} counts=${counts} only=${only} onOnly=${setOnly} all=${list.length} />`}>
    ${list.length === 0 && html`<${Empty} title="No chargers yet">${may("admin") ? "Add the charge points of this site under Setup." : "Somebody with the scope admin adds the charge points of this site."}<//>`}
    ${list.length > 0 && html`<table class="chargers" onMouseLeave=${() => onMark(null)}>
      <thead><tr>${COLUMNS.map(([name, title]) => html`<${Heading} key=${name} name=${name} title=${title} order=${order} onOrder=${setOrder} />`)}</tr></thead>
      <tbody>
        ${shown.map((one) => html`<${Row} key=${one.id} one=${one} full=${full} now=${now} zone=${site.timezone} fill=${colours(one.id)} onMark=${onMark} />`)}
      </tbody>
    </table>`}
  <//>`;
}

function sorted(list, order) {
  const key = order && COLUMNS.find(([name]) => name === order.by)?.[2];
  if (!key) return list;
  const sign = order.down ? -1 : 1;
  return [...list].sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id < b.id ? -1 : 1));
}

function Heading({ name, title, order, onOrder }) {
  const mine = order?.by === name;
  const next = !mine ? { by: name, down: false } : order.down ? null : { by: name, down: true };
  const direction = mine ? (order.down ? "descending" : "ascending") : undefined;
  return html`<th scope="col" class=${`col-${name}`} aria-sort=${direction}>
    <button type="button" class="sort" onClick=${() => onOrder(next)}>${title}${mine && html`<span aria-hidden="true">${order.down ? " ↓" : " ↑"}</span>`}</button>
  </th>`;
}

function Filter({ counts, only, onOnly, all }) {
  const present = Object.keys(LABELS).filter((doing) => counts[doing]);
  if (present.length < 2) return null;
  const chip = (value, text, number, tone) => html`<button key=${value} type="button" class=${`chip ${tone} ${only === value ? "on" : ""}`}
    aria-pressed=${only === value ? "true" : "false"} onClick=${() => onOnly(only === value ? null : value)}>${text} <b>${number}</b></button>`;
  return html`<div class="chips" role="group" aria-label="Show only">
    ${chip(null, "All", all, "")}${present.map((doing) => chip(doing, LABELS[doing], counts[doing], toneOf(doing)))}
  </div>`;
}

function Row({ one, full, now, zone, fill, onMark }) {
  return html`<tr class=${one.doing} onMouseEnter=${() => onMark(one.allocated === null ? null : one.id)}>
    <th scope="row" class="col-id"><div>
      <span class="swatch" style=${{ background: one.allocated === null ? undefined : fill }}></span>
      <span><a href=${to(["charge-points", one.id])}>${one.id}</a><small>${one.make}</small></span>
    </div></th>
    <td class="col-doing"><${Pill} tone=${toneOf(one.doing)}>${one.label}<//></td>
    <td class="col-actual"><div class="power">
      <${ChargerBar} charger=${one} full=${full} fill=${fill} />
      <span class="number">${one.allocated === null ? NONE : html`${kw(one.actual).replace(/\skW/, "")} <span class="muted">/ ${kw(one.allocated)}${one.confirmed ? "" : html`<span title="not confirmed yet"> …</span>`}</span>`}</span>
    </div></td>
    <td class="col-energy number">${kwh(one.energy)}</td>
    <td class="col-phases number">${one.phases || NONE}</td>
    <td class="col-since number" title=${when(one.since, zone)}>${since(one.since, now)}</td>
    <td class="col-reason">${one.reason}</td>
  </tr>`;
}
