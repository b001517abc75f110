// A charge point's local authorization list: how it stands, and sending all of it anew.

import { get, may, paths, post, Problem } from "../api.js";
import { when } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Card, Failed, Pill, useAction, Waiting } from "../ui.js";
import { listFacts, listState, noList } from "./list-words.js";

const EVERY_MS = 5000;

export function LocalListCard({ point, zone }) {
  const id = point.charge_point_id;
  const live = useLive((signal) => get(paths.localList(id), undefined, signal), `local-list/${id}`, EVERY_MS);
  const [send, busy] = useAction(async () => {
    await post(paths.localList(id));
    live.reload();
  }, "It is sent all of its list; below stands what comes of it.");
  const sendable = may("control") && live.data && !["disabled", "not_supported"].includes(live.data.state);
  return html`<${Card} title="Local list" actions=${sendable && html`<${Button} kind="small" busy=${busy} disabled=${!point.connection.connected}
      title=${point.connection.connected ? undefined : "Not connected"} onClick=${send}>Send anew<//>`}>
    <${Body} live=${live} point=${point} zone=${zone} />
  <//>`;
}

function Body({ live, point, zone }) {
  if (live.error instanceof Problem && live.error.status === 404) {
    return html`<p class="muted">${noList(point.settings.local_list, point.connection.connected)}</p>`;
  }
  if (!live.data) return live.error ? html`<${Failed} error=${live.error} again=${live.reload} />` : html`<${Waiting} lines=${4} />`;
  const { tone, word, text } = listState(live.data);
  return html`<div class="move first">
      <p><${Pill} tone=${tone}>${word}<//> <span class="muted number">${when(live.data.at, zone)}</span></p><p class="hint">${text}</p></div>
    <dl class="facts">${listFacts(live.data, zone).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${live.data.id_tokens?.length > 0 && html`<${Tokens} tokens=${live.data.id_tokens} />`}`;
}

/** Up to thousands: they are drawn when somebody wants to see them. */
function Tokens({ tokens }) {
  const [open, setOpen] = useState(false);
  return html`<details class="more" onToggle=${(event) => setOpen(event.target.open)}>
    <summary>Which tokens</summary>${open && html`<p class="tokens">${tokens.join(", ")}</p>`}
  </details>`;
}
