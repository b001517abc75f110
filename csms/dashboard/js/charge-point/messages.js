// The last OCPP messages of a charge point, live; filtered, and to be saved.

import { exchange, get, paths } from "../api.js";
import { exactTime } from "../format.js";
import { html, useMemo, useRef, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Card, download, Empty, Loaded, Pill, useAction } from "../ui.js";

const KEEP = 1000;
const TONES = { call: "calm", result: "good", error: "bad", unreadable: "warn" };

export function Messages({ id, site }) {
  const known = useRef({ items: [], newest: 0, missed: false });
  const [paused, setPaused] = useState(false);
  const [search, setSearch] = useState("");
  const [beats, setBeats] = useState(false);
  const live = useLive(async (signal) => {
    const was = known.current;
    const answer = await get(paths.messages(id), { after: was.newest || undefined, limit: KEEP }, signal);
    const gone = answer.newest < was.newest; // the process began anew, and so did its numbers
    known.current = {
      items: [...(gone ? [] : was.items), ...answer.items].slice(-KEEP),
      newest: answer.newest,
      missed: was.newest > 0 && answer.missed,
    };
    return known.current;
  }, `messages/${id}`, paused ? 0 : 1500);
  const shown = useMemo(() => chosen(live.data?.items ?? [], search.trim().toLowerCase(), beats), [live.data, search, beats]);
  const [save, busy] = useAction(async () => {
    const lines = await exchange("GET", `${paths.messages(id)}?format=jsonl&limit=10000`);
    download(`${id}-messages.jsonl`, lines, "application/jsonl");
  }, "Messages saved.");
  return html`<${Card} title="OCPP messages" class="flush" actions=${html`
      <label class="check"><input type="checkbox" checked=${beats} onChange=${(event) => setBeats(event.target.checked)} /> Heartbeats</label>
      <input type="search" aria-label="Filter messages" placeholder="Filter" value=${search} onInput=${(event) => setSearch(event.target.value)} />
      <${Button} kind="quiet round" icon=${paused ? "play" : "pause"} aria-label=${paused ? "Go on" : "Pause"} onClick=${() => setPaused(!paused)} />
      <${Button} icon="download" busy=${busy} onClick=${save}>Download<//>`}>
    <${Loaded} of=${live}>
      ${(data) => html`${data.missed && html`<p class="hint">Some were too many to follow and are not shown.</p>`}
        ${shown.length === 0
          ? html`<${Empty} icon="sessions" title="No messages">${data.items.length ? "None match the filter." : "What is said over the wire shows here, kept in memory since the server began."}<//>`
          : html`<ol class="trace">${shown.map((one) => html`<${Message} key=${one.number} one=${one} zone=${site.timezone} />`)}</ol>`}`}
    <//>
  <//>`;
}

/** Newest first; at most three hundred are drawn. */
function chosen(items, search, beats) {
  return items
    .filter((one) => (beats || one.action !== "Heartbeat") && (!search || text(one).includes(search)))
    .slice(-300)
    .reverse();
}

const text = (one) => `${one.action} ${one.kind} ${one.direction} ${one.message_id} ${JSON.stringify(one.payload)} ${one.error_code}`.toLowerCase();

function Message({ one, zone }) {
  const line = one.kind === "error" ? `${one.error_code} ${one.error_description ?? ""}` : one.payload === null ? "" : JSON.stringify(one.payload);
  return html`<li><details>
    <summary>
      <time class="number" dateTime=${one.at}>${exactTime(one.at, zone)}</time>
      <span class=${`way ${one.direction}`} title=${one.direction === "in" ? "from the charge point" : "to the charge point"}>${one.direction === "in" ? "←" : "→"}</span>
      <${Pill} tone=${TONES[one.kind]}>${one.kind}<//>
      <strong>${one.action ?? ""}</strong>
      <code>${line}</code>
    </summary>
    <pre>${one.message_id && `${one.message_id}, ${one.size} characters\n`}${one.payload === null ? line : JSON.stringify(one.payload, null, 2)}</pre>
  </details></li>`;
}
