// What a site is: its grid connection, its circuits, its charge points. For administrators.

import { del, getTagged, paths, post, put } from "../api.js";
import { circuitTexts, MORE_OF_A_SITE, NEW_CIRCUIT, NEW_SITE, SITE_PARTS, siteBody, siteTexts } from "../declared.js";
import { exactKw, NONE } from "../format.js";
import { Part, Refused, Removal, useForm } from "../form.js";
import { html, useEffect, useState } from "../html.js";
import { refreshAll, useLive } from "../live.js";
import { go, to } from "../router.js";
import { Button, Card, Dialog, Empty, Failed, Field, Pill, say, Waiting } from "../ui.js";
import { ChargePointDialog } from "./charge-point-form.js";

export function Setup({ site, points, reload }) {
  const live = useLive((signal) => getTagged(paths.site(site.site_id), signal), `declared/${site.site_id}`, 0);
  const [open, setOpen] = useState(false); // with changes that are not saved: what else changes the site would undo them
  if (!live.data) return live.error ? html`<${Failed} error=${live.error} again=${live.reload} />` : html`<${Waiting} lines=${8} />`;
  const again = () => {
    live.reload();
    reload();
  };
  return html`<div class="stack">
    <${Declared} key=${live.data.tag} site=${live.data.value} tag=${live.data.tag} saved=${again} onChanged=${setOpen} />
    <${Points} site=${site} points=${points} again=${again} blocked=${open} />
    <${Card} title="Remove this site">
      <div class="form-actions spread">
        <p class="muted">Its charge points are disconnected. Sessions, events and history stay on record.</p>
        <${Removal} label="Remove the site …" question=${`Remove ${site.name} with its ${points.length} charge points?`} confirm="Remove it"
          forced="Remove it all the same? They end here." run=${(force) => del(paths.site(site.site_id), { force })}
          done=${() => { say(`${site.name} is removed.`); go(["sites"]); }} />
      </div>
    <//>
  </div>`;
}

const SHOWN = ["circuits", ...[...SITE_PARTS, ...MORE_OF_A_SITE].map(({ name }) => name)];

function Declared({ site, tag, saved, onChanged }) {
  const [circuits, setCircuits] = useState(() => site.circuits.map(circuitTexts));
  const discard = () => {
    form.change(siteTexts(site));
    setCircuits(site.circuits.map(circuitTexts));
  };
  const form = useForm(siteTexts(site), (texts) => put(paths.site(site.site_id), siteBody(texts, circuits), undefined, { "If-Match": tag }), () => {
    say("Saved; in effect now.");
    saved();
  });
  const body = JSON.stringify(siteBody(form.texts, circuits));
  const changed = body !== JSON.stringify(siteBody(siteTexts(site), site.circuits.map(circuitTexts)));
  useEffect(() => onChanged(changed), [changed]);
  return html`<form class="stack" onSubmit=${form.submit} novalidate>
    <${Card} title="Site">
      <div class="form">
        <div class="columns">${SITE_PARTS.map((part) => html`<${Part} key=${part.name} form=${form} part=${part} />`)}</div>
        <details class="more" open=${MORE_OF_A_SITE.some(({ name }) => form.rule(name)) ? true : undefined}>
          <summary>More: the building's load, voltage, price</summary>
          <div class="columns">${MORE_OF_A_SITE.map((part) => html`<${Part} key=${part.name} form=${form} part=${part} />`)}</div>
        </details>
      </div>
    <//>
    <${Card} title="Circuits" actions=${html`<${Button} icon="plus" onClick=${() => setCircuits([...circuits, NEW_CIRCUIT])}>Circuit<//>`}>
      ${circuits.length === 0 && html`<p class="muted">None: every charge point hangs on the grid connection itself.</p>`}
      ${circuits.map((one, index) => html`<${Circuit} key=${index} index=${index} circuits=${circuits} form=${form} onChange=${setCircuits} />`)}
      <${Refused} form=${form} shown=${SHOWN} />
      <div class="form-actions end">
        <${Button} disabled=${!changed || form.busy} onClick=${discard}>Discard<//>
        <${Button} type="submit" kind="primary" busy=${form.busy} disabled=${!changed}>Save site and circuits<//>
      </div>
    <//>
  </form>`;
}

function Circuit({ index, circuits, form, onChange }) {
  const one = circuits[index];
  const change = (fields) => onChange(circuits.map((other, place) => (place === index ? { ...one, ...fields } : other)));
  const others = circuits.filter((other) => other !== one && other.circuit_id);
  const input = (name, label, type = "text", hint = "") => html`<${Field} label=${label} hint=${hint} error=${form.rule(`circuits[${index}].${name}`)} class=${name}>
    ${(field) => html`<input ...${field} type=${type} step="any" spellcheck=${false} value=${one[name]} onInput=${(event) => change({ [name]: event.target.value })} />`}
  <//>`;
  return html`<fieldset class="circuit-form"><legend class="hidden">Circuit ${index + 1}${one.circuit_id && `: ${one.circuit_id}`}</legend>
    ${input("circuit_id", "Id")}
    <${Field} label="Hangs on" error=${form.rule(`circuits[${index}].parent`)}>
      ${(field) => html`<select ...${field} value=${one.parent} onChange=${(event) => change({ parent: event.target.value })}>
        <option value="grid">Grid connection</option>
        ${others.map(({ circuit_id }) => html`<option key=${circuit_id} value=${circuit_id}>${circuit_id}</option>`)}
      </select>`}
    <//>
    ${input("max_power_kw", "At most, in kW", "number")}${input("max_current_a", "At most, in A", "number")}
    ${input("charge_points", "Charge points", "text", "ids, separated by commas")}
    <${Button} kind="quiet round" icon="close" aria-label=${`Remove circuit ${one.circuit_id}`} title="Remove; its charge points hang on the grid connection then"
      onClick=${() => onChange(circuits.filter((other) => other !== one))} />
  </fieldset>`;
}

function Points({ site, points, again, blocked }) {
  const [open, setOpen] = useState(undefined);
  const close = () => {
    setOpen(undefined);
    again();
  };
  return html`<${Card} title="Charge points" class="flush" actions=${html`
      ${blocked && html`<span class="hint">Save or discard what is changed above first.</span>`}
      <${Button} icon="plus" disabled=${blocked} onClick=${() => setOpen(null)}>Charge point<//>`}>
    ${points.length === 0
      ? html`<${Empty} title="No charge points yet">Add each with the identity that is set in it; then it may connect.<//>`
      : html`<div class="scroll"><table class="plain stacked">
        <thead><tr><th>Charge point</th><th>Hangs on</th><th>Rated</th><th>Current</th><th>Connectors</th><th></th><th></th></tr></thead>
        <tbody>${points.map(({ charge_point_id: id, settings }) => html`<tr key=${id}>
          <th scope="row"><a href=${to(["charge-points", id])}>${id}</a></th>
          <td data-label="Hangs on">${settings.circuit_id ?? "grid connection"}</td>
          <td class="number" data-label="Rated">${exactKw(settings.max_power_kw)}</td>
          <td data-label="Current">${[settings.current, settings.phases && `${settings.phases} ph`].filter(Boolean).join(", ") || NONE}</td>
          <td class="number" data-label="Connectors">${settings.connectors}</td>
          <td>${!settings.in_service && html`<${Pill}>out of service<//>`}</td>
          <td class="end"><${Button} kind="small" aria-label=${`Change ${id}`} disabled=${blocked} onClick=${() => setOpen(id)}>Change<//></td>
        </tr>`)}</tbody>
      </table></div>`}
    <${ChargePointDialog} site=${site} id=${open} onClose=${close} />
  <//>`;
}

const ID = { name: "site_id", label: "Id", hint: "letters, digits, - _ . ~; it stands in addresses and does not change" };

/** Another site; its circuits and charge points follow on its own page. */
export function NewSiteDialog({ open, onClose }) {
  return html`<${Dialog} title="New site" open=${open} onClose=${onClose}><${NewSite} done=${onClose} /><//>`;
}

function NewSite({ done }) {
  const form = useForm(NEW_SITE, (texts) => post(paths.sites, { site_id: texts.site_id.trim(), ...siteBody(texts, []) }), (site) => {
    say("Created. Now add its charge points.");
    refreshAll();
    done();
    go(["sites", site.site_id, "setup"]);
  });
  return html`<form class="form" onSubmit=${form.submit} novalidate>
    ${[ID, ...SITE_PARTS].map((part, index) => html`<${Part} key=${part.name} form=${form} part=${part} autofocus=${index === 0} />`)}
    <${Refused} form=${form} shown=${["site_id", ...SHOWN]} />
    <div class="form-actions"><${Button} kind="primary" type="submit" busy=${form.busy} disabled=${!form.texts.site_id.trim()}>Create<//></div>
  </form>`;
}
