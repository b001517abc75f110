// Webhooks: other programs that are told what happens, and what became of each delivery.

import { del, everything, get, paths, post, put } from "../api.js";
import { RECORDED, typeWords } from "../event-types.js";
import { counted, when } from "../format.js";
import { Part, Refused, Removal, useForm } from "../form.js";
import { html, useState } from "../html.js";
import { refreshAll, useLive } from "../live.js";
import { Button, Card, Dialog, Empty, Loaded, Pill, say, useAction } from "../ui.js";
import { Access } from "./access.js";

const NEW = { webhook_id: null, url: "", types: [], site_id: null, enabled: true };

export function Webhooks() {
  const live = useLive(() => everything(paths.webhooks), "webhooks", 5000);
  const [open, setOpen] = useState(null);
  const close = () => {
    setOpen(null);
    refreshAll();
  };
  return html`<${Access} shown="webhooks" actions=${html`<${Button} kind="primary" icon="plus" onClick=${() => setOpen({ editing: NEW })}>New<//>`} />
    <${Card} class="flush" label="Webhooks">
      <${Loaded} of=${live}>
        ${(hooks) => (hooks.length === 0
          ? html`<${Empty} icon="bell" title="No webhooks">Another program is told what happens by an https request for each event, signed, and tried again for some hours.<//>`
          : html`<div class="scroll"><table class="stacked">
            <thead><tr><th>Address</th><th>Told of</th><th>Site</th><th>Waiting</th><th></th></tr></thead>
            <tbody>${hooks.map((hook) => html`<${Row} key=${hook.webhook_id} hook=${hook} onOpen=${setOpen} />`)}</tbody>
          </table></div>`)}
      <//>
    <//>
    <${Dialog} wide title=${open?.deliveries ? "Deliveries" : open?.editing?.webhook_id ? "Webhook" : "New webhook"} open=${open !== null} onClose=${close}>
      ${open?.deliveries && html`<${Deliveries} hook=${open.deliveries} />`}
      ${open?.editing && html`<${Editor} hook=${open.editing} done=${close} />`}
    <//>`;
}

function Row({ hook, onOpen }) {
  const [test, busy] = useAction(async () => {
    const told = await post(paths.webhookTest(hook.webhook_id));
    if (!told.delivered) throw new Error(`The test was not delivered: ${told.error || `status ${told.status}`}.`);
  }, "The test was delivered.");
  return html`<tr>
    <th scope="row" class="wrap"><button type="button" class="link" onClick=${() => onOpen({ editing: hook })}>${hook.url}</button>
      <small>${when(hook.created_at)} by ${hook.created_by}</small></th>
    <td data-label="Told of">${hook.enabled ? toldOf(hook) : html`<${Pill}>switched off<//>`}</td>
    <td data-label="Site">${hook.site_id ?? "all"}</td>
    <td class="number" data-label="Waiting">${hook.pending}</td>
    <td class="end"><span class="row-actions">
      <${Button} kind="small" onClick=${() => onOpen({ deliveries: hook })}>Deliveries<//>
      <${Button} kind="small" busy=${busy} onClick=${test}>Test<//></span></td>
  </tr>`;
}

function toldOf({ types }) {
  if (!types.length) return "everything";
  return types.length > 2 ? html`<span title=${types.map(typeWords).join(", ")}>${counted(types.length, "type")}</span>` : types.map(typeWords).join(", ");
}

const PARTS = [
  { name: "url", label: "Address", hint: "https, without a user" },
  { name: "site_id", label: "Site", hint: "its id; empty: all sites" },
  { name: "secret", label: "Secret", hint: "signs the deliveries, 16 to 200 characters" },
];

function Editor({ hook, done }) {
  const known = hook.webhook_id !== null;
  const [types, setTypes] = useState(hook.types);
  const [secret, setSecret] = useState(null);
  const form = useForm({ url: hook.url, site_id: hook.site_id ?? "", secret: "", enabled: String(hook.enabled) }, (texts) => {
    const body = { url: texts.url.trim(), site_id: texts.site_id.trim() || null, enabled: texts.enabled === "true", types };
    if (texts.secret) body.secret = texts.secret;
    return known ? put(paths.webhook(hook.webhook_id), body) : post(paths.webhooks, body);
  }, (answer) => {
    say(known ? "Changed." : "Created: it is told from now on.");
    if (known) done();
    else setSecret(answer.secret);
  });
  if (secret) {
    return html`<div class="form"><p>The secret that signs its deliveries, shown this once:</p><pre class="secret">${secret}</pre>
      <div class="form-actions"><${Button} kind="primary" onClick=${done}>Done<//></div></div>`;
  }
  const [url, site, own] = PARTS;
  return html`<form class="form" onSubmit=${form.submit} novalidate>
    <${Part} form=${form} part=${url} autofocus />
    <${Types} chosen=${types} onChange=${setTypes} />
    <div class="columns">
      <${Part} form=${form} part=${site} />
      <${Part} form=${form} part=${{ ...own, hint: `${own.hint}; empty: ${known ? "as it is" : "one is made"}` }} />
      <${Part} form=${form} part=${{ name: "enabled", label: "Deliveries", kind: "choice", options: [["true", "Sent"], ["false", "Not sent"]] }} />
    </div>
    <${Refused} form=${form} shown=${PARTS.map(({ name }) => name)} />
    <div class="form-actions">
      ${known && html`<${Removal} label="Remove" question="What waits for it is given up." confirm="Remove it" run=${() => del(paths.webhook(hook.webhook_id))}
        done=${() => { say("Removed."); done(); }} />`}
      <${Button} kind="primary" type="submit" busy=${form.busy} disabled=${!form.texts.url.trim()}>${known ? "Save" : "Create"}<//>
    </div>
  </form>`;
}

function Types({ chosen, onChange }) {
  const toggle = (type) => onChange(chosen.includes(type) ? chosen.filter((one) => one !== type) : [...chosen, type]);
  return html`<fieldset class="types"><legend>Told of <span class="muted">${chosen.length ? "" : "(none chosen: everything)"}</span></legend>
    ${RECORDED.map(([title, types]) => html`<div key=${title} role="group" aria-label=${title}><h3>${title}</h3>
      ${types.map((type) => html`<label key=${type} class="check"><input type="checkbox" checked=${chosen.includes(type)} onChange=${() => toggle(type)} />${typeWords(type)}</label>`)}
    </div>`)}
  </fieldset>`;
}

const TONES = { delivered: "good", failed: "bad", pending: "wait" };

function Deliveries({ hook }) {
  const live = useLive((signal) => get(paths.deliveries(hook.webhook_id), { limit: 100 }, signal), `deliveries/${hook.webhook_id}`, 3000);
  return html`<p class="muted wrap">${hook.url}</p><${Loaded} of=${live}>
    ${({ items, total }) => (items.length === 0
      ? html`<${Empty} icon="bell" title="None yet">Each event it is told of shows here, with how its delivery went.<//>`
      : html`<div class="scroll"><table class="plain stacked">
        <thead><tr><th>Event</th><th>State</th><th>Attempts</th><th>Last answer</th></tr></thead>
        <tbody>${items.map((one) => html`<tr key=${one.delivery_id}>
          <th scope="row">${typeWords(one.type)}<small>${when(one.created_at)}</small></th>
          <td data-label="State"><${Pill} tone=${TONES[one.state]}>${one.state}<//>${one.state === "pending" && html`<small>next ${when(one.due_at)}</small>`}</td>
          <td class="number" data-label="Attempts">${one.attempts}</td>
          <td data-label="Answer">${[one.status, one.error].filter(Boolean).join(": ")}</td>
        </tr>`)}</tbody>
      </table></div>${total > items.length && html`<p class="hint center">${items.length} of ${total}, newest first</p>`}`)}
  <//>`;
}
