// A charge point as it is declared: added to a site, changed, removed.

import { del, getTagged, paths, post, put } from "../api.js";
import { MORE_OF_A_POINT, NEW_POINT, POINT_PARTS, pointBody, pointTexts } from "../declared.js";
import { Part, Refused, Removal, useForm } from "../form.js";
import { html, useState } from "../html.js";
import { refreshAll, useLive } from "../live.js";
import { Button, Dialog, Loaded, say } from "../ui.js";

/** `id`: of the one to change; null: a new one; undefined: closed. */
export function ChargePointDialog({ site, id, onClose, onRemoved = onClose }) {
  return html`<${Dialog} wide title=${id ?? "New charge point"} open=${id !== undefined} onClose=${onClose}>
    ${id === null && html`<${Editor} site=${site} done=${onClose} />`}
    ${id && html`<${Known} key=${id} site=${site} id=${id} done=${onClose} removed=${onRemoved} />`}
  <//>`;
}

function Known({ site, id, done, removed }) {
  const live = useLive((signal) => getTagged(paths.chargePoint(id), signal), `declared/${id}`, 0);
  return html`<${Loaded} of=${live} lines=${6}>
    ${({ value, tag }) => html`<${Editor} site=${site} point=${value} tag=${tag} done=${done} removed=${removed} />`}
  <//>`;
}

const SHOWN = ["charge_point_id", "circuit_id", "password_sha256", ...[...POINT_PARTS, ...MORE_OF_A_POINT].map(({ name }) => name)];

function Editor({ site, point, tag, done, removed }) {
  const id = point?.charge_point_id;
  const form = useForm(point ? pointTexts(point) : NEW_POINT, (texts) => {
    const body = pointBody(texts);
    if (!point) return post(paths.sitePoints(site.site_id), { charge_point_id: texts.charge_point_id.trim(), ...body });
    return put(paths.chargePoint(id), body, undefined, { "If-Match": tag });
  }, () => {
    say(point ? "Changed; in effect now." : "Added: it may connect now.");
    refreshAll();
    done();
  });
  const circuits = [["", "Grid connection"], ...site.circuits.map(({ circuit_id }) => [circuit_id, circuit_id])];
  const refusedBelow = MORE_OF_A_POINT.some(({ name }) => form.rule(name)) || form.rule("password_sha256");
  return html`<form class="form" onSubmit=${form.submit} novalidate>
    <div class="columns">
      ${!point && html`<${Part} form=${form} autofocus part=${{ name: "charge_point_id", label: "Id", hint: "the identity that is set in the charger" }} />`}
      <${Part} form=${form} part=${{ name: "circuit_id", label: "Hangs on", kind: "choice", list: true, options: circuits }} />
      ${POINT_PARTS.map((part) => html`<${Part} key=${part.name} form=${form} part=${part} />`)}
    </div>
    <details class="more" open=${refusedBelow ? true : undefined}>
      <summary>More: phases, protocol, access</summary>
      <div class="columns">
        ${MORE_OF_A_POINT.map((part) => html`<${Part} key=${part.name} form=${form} part=${part} />`)}
        <${Password} form=${form} point=${point} />
      </div>
    </details>
    <${Refused} form=${form} shown=${SHOWN} />
    <div class="form-actions">
      ${point && html`<${Removal} label="Remove" question="It may not connect any more, and counts no more." confirm="Remove it"
        forced="Remove it all the same? The session ends here." run=${(force) => del(paths.chargePoint(id), { force })}
        done=${() => { say(`${id} is removed.`); refreshAll(); removed(); }} />`}
      <${Button} kind="primary" type="submit" busy=${form.busy} disabled=${!form.texts.charge_point_id.trim()}>${point ? "Save" : "Add"}<//>
    </div>
  </form>`;
}

/** Only its SHA-256 is sent and kept. A new one can be made here, where the browser can hash (over https, or on this machine). */
function Password({ form, point }) {
  const [made, setMade] = useState("");
  const has = point?.settings.password_required;
  const options = [["keep", has ? "As it is" : "None"], ["new", has ? "Another" : "One"], ...(has ? [["none", "None"]] : [])];
  async function make() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const password = hex(bytes);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(password));
    setMade(password);
    form.change({ password_sha256: hex(new Uint8Array(digest)) });
  }
  return html`<${Part} form=${form} part=${{ name: "password", label: "Password", kind: "choice", options }} />
    ${form.texts.password === "new" && html`<div class="field">
      <${Part} form=${form} part=${{ name: "password_sha256", label: "SHA-256 of its password", hint: "64 hexadecimal digits" }} />
      ${made && html`<p class="hint">Enter it in the charger; it is shown this once:</p><pre class="secret">${made}</pre>`}
      ${globalThis.crypto?.subtle && html`<div><${Button} kind="small" onClick=${make}>Make one<//></div>`}
    </div>`}`;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
