// Who changed what over the interface, and from where.

import { paths } from "../api.js";
import { html } from "../html.js";
import { LongList } from "../long-list.js";
import { useNarrow } from "../media.js";
import { PlacedTime } from "../parts.js";
import { Empty, Pill } from "../ui.js";
import { useZones } from "../zones.js";
import { Access } from "./access.js";

const HEAD = ["When", "Key", "Did", "What", "From"];
const TONES = { DELETE: "bad", POST: "calm", PUT: "good", PATCH: "good" };

export function Audit() {
  const narrow = useNarrow();
  const zones = useZones();
  return html`<${Access} shown="audit" />
    <section class="card flush audit">
      <${LongList} path=${paths.audit} query=${{}} rowHeight=${narrow ? 84 : 44} label="Changes, newest first"
        head=${HEAD.map((title, index) => html`<span key=${title} role="columnheader" class=${`a${index}`}>${title}</span>`)}
        row=${(item) => cells(item, zones.get(item?.site_id))} empty=${html`<${Empty} icon="sessions" title="Nothing was changed yet">Every change that is asked for with a key is kept here.<//>`} />
    </section>`;
}

function cells(item, zone) {
  if (!item) return html`<span class="a0 pending" role="cell"></span>`;
  const what = item.subject.replace(/^\/api\/v1\//, "");
  return html`<span class="a0" role="cell"><${PlacedTime} at=${item.at} zone=${zone} /></span>
    <span class="a1" role="cell" title=${item.key}>${item.key}</span>
    <span class="a2" role="cell"><${Pill} tone=${TONES[item.method]}>${item.method}<//></span>
    <span class="a3" role="cell" title=${what}>${decoded(what)}</span>
    <span class="a4 muted" role="cell">${item.address}</span>`;
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
