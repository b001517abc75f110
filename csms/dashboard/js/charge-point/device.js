// What a charge point says of itself: its device model (OCPP 2.0.1) or its configuration keys (1.6).

import { everything, paths } from "../api.js";
import { NONE, when } from "../format.js";
import { html, useMemo, useState } from "../html.js";
import { useLive } from "../live.js";
import { Card, Empty, Loaded, Pill } from "../ui.js";
import { Quirks } from "./quirks.js";

export function Device({ id, point }) {
  const modern = point.protocol === "ocpp2.0.1";
  const live = useLive(() => everything(modern ? paths.variables(id) : paths.configuration(id)), `device/${id}/${modern}`, 30_000);
  const [search, setSearch] = useState("");
  const filter = html`<input type="search" aria-label="Search" placeholder="Search" value=${search} onInput=${(event) => setSearch(event.target.value)} />`;
  return html`<div class="stack">
  ${point.refused_settings.length > 0 && html`<${Refused} settings=${point.refused_settings} />`}
  <${Quirks} id=${id} />
  <${Card} title=${modern ? "Device model" : "Configuration keys"} class="flush" actions=${filter}>
    <${Loaded} of=${live}>
      ${(items) => (items.length === 0
        ? html`<${Empty} icon="search" title="Nothing told yet">It is asked when it connects. ${modern ? "GetBaseReport" : "GetConfiguration"} among the commands asks again.<//>`
        : html`<${modern ? Variables : Keys} items=${items} search=${search.trim().toLowerCase()} />`)}
    <//>
  <//></div>`;
}

/** What we set after its boot, and it did not take. */
function Refused({ settings }) {
  return html`<${Card} title="Settings it did not take" class="flush">
    <div class="scroll"><table class="plain stacked">
      <thead><tr><th>Setting</th><th>Value</th><th>Answer</th><th>When</th></tr></thead>
      <tbody>${settings.map((one) => html`<tr key=${one.setting}>
        <th scope="row">${one.setting}</th><td data-label="Value">${one.value}</td>
        <td data-label="Answer">${one.answer === "RebootRequired" ? "takes it after its next restart" : one.answer}</td><td class="number" data-label="When">${when(one.at)}</td>
      </tr>`)}</tbody>
    </table></div>
  <//>`;
}

function Keys({ items, search }) {
  const shown = items.filter((item) => `${item.key} ${item.value}`.toLowerCase().includes(search));
  return html`<div class="scroll"><table>
    <thead><tr><th>Key</th><th>Value</th><th></th><th>Told</th></tr></thead>
    <tbody>${shown.map((item) => html`<tr key=${item.key}>
      <th scope="row">${item.key}</th><td class="wrap">${item.value ?? html`<span class="muted">not told</span>`}</td>
      <td>${item.read_only && html`<${Pill}>read only<//>`}</td><td class="number muted">${when(item.told_at)}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

function Variables({ items, search }) {
  const groups = useMemo(() => {
    const found = new Map();
    for (const item of items) {
      const name = [item.component, item.component_instance].filter(Boolean).join(" / ") + (item.evse_id === null ? "" : `, EVSE ${item.evse_id}`) + (item.connector_id === null ? "" : `, connector ${item.connector_id}`);
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(item);
    }
    return [...found];
  }, [items]);
  const matches = (name, item) => `${name} ${item.variable} ${item.attributes.map((one) => one.value).join(" ")}`.toLowerCase().includes(search);
  return html`<div class="components">${groups.map(([name, all]) => {
    const shown = all.filter((item) => matches(name, item));
    return shown.length > 0 && html`<details key=${name} open=${search !== "" || groups.length < 4}>
      <summary>${name} <span class="muted">${shown.length}</span></summary>
      <dl class="facts">${shown.map((item) => html`<div key=${`${item.variable}/${item.variable_instance}`}>
        <dt>${item.variable}${item.variable_instance && ` (${item.variable_instance})`}</dt>
        <dd>${item.attributes.map((one) => html`<span key=${one.type ?? "Actual"} class="attribute">${one.type && one.type !== "Actual" && html`<small>${one.type}</small>`}${one.value ?? NONE}${item.characteristics?.unit && ` ${item.characteristics.unit}`}
          ${one.mutability === "ReadOnly" && html` <small class="inline-small">read only</small>`}</span>`)}</dd>
      </div>`)}</dl>
    </details>`;
  })}</div>`;
}
