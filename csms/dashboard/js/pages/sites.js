// All sites at a glance: one card each.

import { everything, get, may, paths } from "../api.js";
import { chargers, drawn, tally, verdict } from "../chargers.js";
import { counted, exactKw, kw } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { BudgetBar, Counts, Note, State } from "../parts.js";
import { to } from "../router.js";
import { SitePage } from "../site/page.js";
import { NewSiteDialog } from "../site/setup.js";
import { Button, Empty, Loaded, PageHead, Pill } from "../ui.js";

export function Sites({ parts, query }) {
  if (parts.length) return html`<${SitePage} key=${parts[0]} id=${parts[0]} tab=${parts[1] ?? "now"} query=${query} />`;
  return html`<${Overview} />`;
}

async function load(signal) {
  const [sites, points, alarms] = await Promise.all([
    everything(paths.sites),
    everything(paths.chargePoints),
    get(paths.alarms, { standing: true, limit: 1000 }, signal),
  ]);
  const allocations = await Promise.all(sites.map((site) => get(paths.allocation(site.site_id), undefined, signal)));
  return sites.map((site, index) => {
    const mine = points.filter((point) => point.site_id === site.site_id);
    const list = chargers(mine, allocations[index], site.timezone);
    const standing = alarms.items.filter((alarm) => alarm.site_id === site.site_id);
    return { site, allocation: allocations[index], list, alarms: standing };
  });
}

function Overview() {
  const live = useLive(load, "sites");
  const [making, setMaking] = useState(false);
  return html`<${PageHead} title="Sites" below=${live.data && summary(live.data)}
      actions=${may("admin") && html`<${Button} icon="plus" onClick=${() => setMaking(true)}>Site<//>`} />
    <${Loaded} of=${live}>
      ${(rows) => (rows.length ? html`<div class="sites">${rows.map((row) => html`<${SiteCard} key=${row.site.site_id} ...${row} />`)}</div>` : html`<${None} />`)}
    <//>
    <${NewSiteDialog} open=${making} onClose=${() => setMaking(false)} />`;
}

const None = () => html`<${Empty} icon="sites" title="No sites yet">
  A site is one grid connection with the chargers behind it. ${may("admin") ? "Create one here, or declare it" : "Declare one"} in the configuration file.
<//>`;

function summary(rows) {
  const power = rows.reduce((sum, row) => sum + drawn(row.allocation), 0);
  const well = rows.filter((row) => verdict(row.allocation, row.list, row.alarms).tone === "good").length;
  const state = well === rows.length ? "all well" : `${rows.length - well} of ${rows.length} ${rows.length - well === 1 ? "needs" : "need"} a look`;
  return `${counted(rows.length, "site")}, ${kw(power)} drawn, ${state}`;
}

function SiteCard({ site, allocation, list, alarms }) {
  const state = verdict(allocation, list, alarms, site.timezone);
  const power = drawn(allocation);
  return html`<a class=${`card site ${state.tone}`} href=${to(["sites", site.site_id])}>
    <header class="card-head"><h2>${site.name}</h2>${list.length ? html`<${State} tone=${state.tone} />` : html`<${Pill}>No chargers yet<//>`}</header>
    <p class="figure"><strong>${kw(power)}</strong> <span class="muted">of ${exactKw(allocation.total_budget_kw)}</span></p>
    <${BudgetBar} allocation=${allocation} drawn=${power} />
    <${Counts} counts=${tally(list)} />
    ${state.notes.slice(0, 2).map((note) => html`<${Note} key=${note.text} tone=${note.tone}>${note.text}<//>`)}
  </a>`;
}
