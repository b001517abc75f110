// One site: its head, its tabs, and what they share.

import { everything, get, may, paths, post } from "../api.js";
import { chargers } from "../chargers.js";
import { html, useMemo, useState } from "../html.js";
import { useLive } from "../live.js";
import { to } from "../router.js";
import { Button, Loaded, PageHead, Tabs, useAction } from "../ui.js";
import { Config } from "./config.js";
import { Decisions } from "./decisions.js";
import { History } from "./history.js";
import { Limits } from "./limits.js";
import { Now } from "./now.js";
import { Setup } from "./setup.js";

const TABS = [
  ["now", "Now", Now],
  ["history", "History", History],
  ["config", "Configuration", Config],
  ["decisions", "Decisions", Decisions],
  ["setup", "Setup", Setup, "admin"],
];

async function load(id, signal) {
  const [site, allocation, points, alarms] = await Promise.all([
    get(paths.site(id), undefined, signal),
    get(paths.allocation(id), undefined, signal),
    everything(paths.chargePoints, { site_id: id }),
    get(paths.alarms, { site_id: id, standing: true, limit: 1000 }, signal),
  ]);
  return { site, allocation, points, alarms: alarms.items };
}

export function SitePage({ id, tab, query }) {
  const live = useLive((signal) => load(id, signal), `site/${id}`);
  const offered = TABS.filter(([, , , scope]) => !scope || may(scope));
  const View = (offered.find(([name]) => name === tab) ?? offered[0])[2];
  return html`<${PageHead} title=${live.data?.site.name ?? id} above=${html`<a href=${to(["sites"])}>Sites</a>`}
      actions=${live.data && may("control") && html`<${Actions} live=${live} />`} />
    <${Tabs} label="Of this site" items=${offered} shown=${tab} href=${(name) => to(["sites", id, name])} />
    <${Loaded} of=${live} lines=${8}>
      ${(data) => html`<${Body} ...${data} view=${View} query=${query} reload=${live.reload} />`}
    <//>`;
}

function Body({ view: View, site, points, allocation, ...rest }) {
  const list = useMemo(() => chargers(points, allocation, site.timezone), [points, allocation]);
  return html`<${View} site=${site} points=${points} allocation=${allocation} list=${list} ...${rest} />`;
}

function Actions({ live }) {
  const [limiting, setLimiting] = useState(false);
  const { site } = live.data;
  const [rebalance, busy] = useAction(async () => {
    const done = await post(paths.rebalance(site.site_id));
    live.reload();
    return done;
  }, (done) => `Calculated again; ${done.chargers_updated} limits sent.`);
  return html`<${Button} icon="limit" onClick=${() => setLimiting(true)}>Temporary limit<//>
    <${Button} icon="refresh" busy=${busy} onClick=${rebalance}
      title="Calculate again, and send every active charger its limit again">Rebalance<//>
    <${Limits} site=${site} open=${limiting} onClose=${() => setLimiting(false)} changed=${live.reload} />`;
}
