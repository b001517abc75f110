// A site as it is now: is all well, who gets what and why, and how that came about in the last hour.

import { get, paths } from "../api.js";
import { areaColour, Legend, StackChart } from "../charts.js";
import { circuitTree, drawn, limitSource, verdict } from "../chargers.js";
import { exactKw, kw } from "../format.js";
import { html, useEffect, useMemo, useState } from "../html.js";
import { BudgetBar, Note, State } from "../parts.js";
import { budgetWords, fromHistory, HOUR_S, recorded, scaleOf, stacked } from "../series.js";
import { theme } from "../theme.js";
import { Card, Choice } from "../ui.js";
import { useShared } from "../value.js";
import { Chargers } from "./chargers-table.js";
import { Circuits } from "./circuits.js";

const CONNECTORS = 24; // so many are asked for their past one by one

/** The last hour minute by minute; of sites with many connectors only the sum of all. */
async function pastOf(site, points) {
  const asked = { granularity: "1min", from: new Date(Date.now() - HOUR_S * 1000).toISOString() };
  const connectors = points.flatMap((point) => point.connectors.map((one) => [point.charge_point_id, one.connector_id]));
  const [history, ...series] = await Promise.all([
    get(paths.history(site.site_id), asked),
    ...(connectors.length > CONNECTORS ? [] : connectors).map(async ([id, connector_id]) => {
      const page = await get(paths.meterValues(id), { ...asked, connector_id });
      return [id, page.items];
    }),
  ]);
  return fromHistory(history.buckets, 60, series);
}

function useRecording(site, allocation, points) {
  const recording = recorded(site.site_id, allocation);
  const [, setFilled] = useState(0);
  const before = recording.rows.at(-2);
  const away = !before || recording.rows.at(-1).at - before.at > 90;
  useEffect(() => {
    if (!away) return;
    pastOf(site, points)
      .then((rows) => {
        recording.fill(rows);
        setFilled(Date.now());
      })
      .catch(() => {}); // the chart then begins now; the page says by itself that the server is gone
  }, [away]);
  return recording;
}

export function Now({ site, points, allocation, list, alarms }) {
  const state = verdict(allocation, list, alarms, site.timezone);
  const recording = useRecording(site, allocation, points);
  const [marked, setMarked] = useState(null);
  const colours = useColours(site);
  return html`<div class="stack">
    <${Verdict} site=${site} allocation=${allocation} state=${state} />
    <${Live} site=${site} recording=${recording} stamp=${allocation.timestamp} marked=${marked} colours=${colours} />
    <${Chargers} site=${site} list=${list} colours=${colours} onMark=${setMarked} />
    <${Circuits} tree=${circuitTree(site, allocation)} />
  </div>`;
}

/** The colour of a charger: by its place in the declaration, so that it stays the same. */
function useColours(site) {
  const shown = useShared(theme);
  return useMemo(() => {
    const places = new Map(site.charge_point_ids.map((id, index) => [id, areaColour(index)]));
    return (id) => places.get(id);
  }, [site.charge_point_ids.join("\n"), shown]);
}

function Verdict({ site, allocation, state }) {
  const power = drawn(allocation);
  const free = Math.max(0, allocation.total_budget_kw - allocation.total_permitted_kw);
  return html`<section class=${`card verdict ${state.tone}`} aria-label="State of the site">
    <div class="verdict-head">
      <div class="verdict-line"><h2>${state.headline}</h2>${site.charge_point_ids.length > 0 && html`<${State} tone=${state.tone} />`}</div>
      <p class="muted">${strategyWords(allocation.strategy)}; the budget of ${exactKw(allocation.total_budget_kw)} is set by ${limitSource(allocation.limit_source)}</p>
    </div>
    <${BudgetBar} allocation=${allocation} drawn=${power} />
    <dl class="figures">
      <div><dt><span class="swatch drawn"></span>Drawn</dt><dd>${kw(power)}</dd></div>
      <div><dt><span class="swatch given"></span>Permitted</dt><dd>${kw(allocation.total_permitted_kw)}</dd></div>
      <div><dt><span class="swatch reserved"></span>Of it reserved</dt><dd>${kw(allocation.reserved_kw)}</dd></div>
      <div><dt><span class="swatch free"></span>Free</dt><dd>${kw(free)}</dd></div>
      ${allocation.site_load_kw > 0 && html`<div><dt>Building</dt><dd>${kw(allocation.site_load_kw)}</dd></div>`}
    </dl>
    ${site.charge_point_ids.length > 0 && (state.notes.length
      ? state.notes.map((note) => html`<${Note} key=${note.text} tone=${note.tone}>${note.text}<//>`)
      : html`<${Note} tone="good">Every charger is in reach and within its limit.<//>`)}
  </section>`;
}

const STRATEGIES = {
  equal: "Shared equally",
  priority: "Shared by priority",
  scheduled: "Shared by schedule",
  first_come_first_served: "First come, first served",
};

const strategyWords = (strategy) => STRATEGIES[strategy] ?? strategy;

const SPANS = [[600, "10 min"], [HOUR_S, "1 hour"]];

function Live({ site, recording, stamp, marked, colours }) {
  const [spanS, setSpan] = useState(HOUR_S);
  const to = Date.parse(stamp) / 1000;
  const series = useMemo(
    () => stacked(recording.rows.filter((row) => row.at >= to - spanS - 60), site.charge_point_ids),
    [stamp, spanS, recording.rows.length],
  );
  const budget = budgetWords(series.budget, scaleOf(series));
  const legend = [["Draw of each charger", "area"], ["Allocated", "allocated"], [budget, "budget"]];
  if (series.rest.unnamed) legend.splice(1, 0, [series.rest.sums ? "All others, and all before this page was opened" : "Smaller ones together", "others"]);
  else if (series.rest.sums) legend.splice(1, 0, ["All together, before this page was opened", "others"]);
  // While little is known it gets the room; a minute is the least that reads as a chart.
  const from = Math.max(to - spanS, Math.min(series.x[0] ?? to, to - 60));
  return html`<${Card} title="Power" actions=${html`<${Choice} label="How far back" options=${SPANS} value=${spanS} onChange=${setSpan} />`}>
    <${StackChart} series=${series} from=${from} to=${to} zone=${site.timezone} height=${280} marked=${marked} colours=${colours} />
    <${Legend} items=${legend} />
  <//>`;
}
