// What was given and drawn, and the budget for it, over any time, in four granularities.

import { get, paths } from "../api.js";
import { Legend, PowerChart } from "../charts.js";
import { csvRow, kw, kwh, localInput, NONE } from "../format.js";
import { html, useMemo, useState } from "../html.js";
import { useLive } from "../live.js";
import { replaceQuery } from "../router.js";
import { budgetWords, scaleOf, steps } from "../series.js";
import { Button, Card, Choice, download, Empty, explained, Field, Waiting } from "../ui.js";

const HOUR_MS = 3_600_000;
const RANGES = [["1", "Hour"], ["24", "Day"], ["168", "Week"], ["720", "30 days"], ["own", "From … to"]];
const GRAINS = [["1min", "1 min"], ["5min", "5 min"], ["15min", "15 min"], ["1hour", "1 hour"]];
const SECONDS = { "1min": 60, "5min": 300, "15min": 900, "1hour": 3600 };
const FITTING = { 1: "1min", 24: "5min", 168: "1hour", 720: "1hour" };

const CSV = ["period_start", "total_allocated_kw", "total_actual_kw", "active_chargers", "total_budget_kw", "lowest_budget_kw"];

export function History({ site, query }) {
  const range = RANGES.some(([value]) => value === query.range) ? query.range : "24";
  const grain = SECONDS[query.granularity] ? query.granularity : FITTING[range] ?? "15min";
  const [own, setOwn] = useState(() => ({ from: localInput(new Date(Date.now() - 24 * HOUR_MS)), to: localInput(new Date()) }));
  const key = `history/${site.site_id}/${range}/${grain}/${range === "own" ? `${own.from}/${own.to}` : ""}`;
  const live = useLive(async (signal) => {
    const to = range === "own" ? new Date(own.to) : new Date();
    const from = range === "own" ? new Date(own.from) : new Date(to - Number(range) * HOUR_MS);
    const answer = await get(paths.history(site.site_id), { granularity: grain, from: from.toISOString(), to: to.toISOString() }, signal);
    return { ...answer, from: from / 1000, to: to / 1000 };
  }, key, range === "own" ? 0 : 30_000);

  return html`<${Card} title="History" actions=${live.data?.buckets.length > 0 && html`<${Button} icon="download" onClick=${() => save(site, live.data)}>CSV<//>`}>
    <div class="filters">
      <${Choice} label="Period" options=${RANGES} value=${range} onChange=${(value) => replaceQuery({ range: value, granularity: FITTING[value] })} />
      <${Choice} label="Granularity" options=${GRAINS} value=${grain} onChange=${(value) => replaceQuery({ range, granularity: value })} />
      ${range === "own" && ["from", "to"].map((name) => html`<${Field} key=${name} label=${name === "from" ? "From" : "To"} class="inline">
        ${(field) => html`<input ...${field} type="datetime-local" value=${own[name]} onChange=${(event) => event.target.value && setOwn({ ...own, [name]: event.target.value })} />`}
      <//>`)}
    </div>
    ${live.data ? html`<${Picture} site=${site} history=${live.data} />`
      : live.error ? html`<p class="error" role="alert">${explained(live.error)}</p>` : html`<${Waiting} lines=${6} />`}
  <//>`;
}

function Picture({ site, history }) {
  const stepS = SECONDS[history.granularity];
  const { x, allocated, actual, budget, lowest } = useMemo(() => steps(history.buckets, stepS), [history]);
  if (!history.buckets.length) {
    return html`<${Empty} icon="sessions" title="Nothing on record">In this time nothing was recorded. History begins with the first minute that the site ran.<//>`;
  }
  const energy = history.buckets.reduce((sum, bucket) => sum + bucket.total_actual_kw, 0) * (stepS / 3600);
  const scale = scaleOf({ tops: [actual], allocated, budget });
  const most = Math.max(...history.buckets.map((bucket) => bucket.total_actual_kw));
  const active = Math.max(...history.buckets.map((bucket) => bucket.active_chargers));
  const lines = [
    { name: "Allocated", values: allocated, stroke: "allocated-edge", fill: "allocated", stepped: true },
    { name: "Drawn", values: actual, stroke: "drawn", fill: "given", stepped: true },
  ];
  const legend = [["Drawn", "drawn"], ["Allocated", "allocated"]];
  if (budget.some((value) => value !== null)) {
    lines.push({ name: "Budget", values: budget, stroke: "budget", dash: [6, 4], stepped: true });
    legend.push([budgetWords(budget, scale), "budget"]);
  }
  if (lowest.some((value, index) => value !== null && value < budget[index] - 0.0005)) {
    lines.push({ name: "Lowest budget", values: lowest, stroke: "budget", dash: [1, 4], stepped: true });
    legend.push(["Lowest budget of the step", "budget lowest"]);
  }
  return html`<dl class="figures">
      <div><dt>Delivered</dt><dd>${kwh(energy)}</dd></div>
      <div><dt>Highest mean</dt><dd>${kw(most)}</dd></div>
      <div><dt>Most at once</dt><dd>${active || NONE}</dd></div>
    </dl>
    <${PowerChart} x=${x} lines=${lines} zone=${site.timezone} height=${320} from=${history.from} to=${history.to}
      top=${scale.top} label="Allocated and drawn power and the budget over time, in kilowatts" />
    <${Legend} items=${legend} />`;
}

function save(site, history) {
  const rows = history.buckets.map((bucket) => csvRow(CSV.map((column) => bucket[column])));
  download(`${site.site_id}-history-${history.granularity}.csv`, [csvRow(CSV), ...rows].join("\r\n"));
}
