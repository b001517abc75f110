// How a charge point gets in, and a new password for it.

import { may, paths, post } from "../api.js";
import { NONE } from "../format.js";
import { html, useState } from "../html.js";
import { Button, Card, Dialog, explained } from "../ui.js";

export function AccessCard({ point, reload }) {
  const { security } = point;
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    reload();
  };
  const facts = [
    ["Came with profile", security.security_profile],
    ["At least", security.least_profile],
    ["Password", security.password_required ? "required" : "not required"],
    ["Moved to profile", security.offered_profile === null ? NONE : `${security.offered_profile}, not used yet`],
    ["New passwords", security.offered_passwords ? `${security.offered_passwords}, not used yet` : NONE],
  ];
  return html`<${Card} title="How it gets in" actions=${may("admin") && html`<${Button} kind="small" onClick=${() => setOpen(true)}>New password<//>`}>
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <${Dialog} title="New password" open=${open} onClose=${close}><${NewPassword} point=${point} done=${close} /><//>
  <//>`;
}

function NewPassword({ point, done }) {
  const [state, setState] = useState({ answer: null, problem: null, busy: false });
  async function give() {
    setState({ answer: null, problem: null, busy: true });
    try {
      setState({ answer: await post(paths.password(point.charge_point_id)), problem: null, busy: false });
    } catch (problem) {
      setState({ answer: null, problem, busy: false });
    }
  }
  const { answer, problem, busy } = state;
  if (answer?.password) {
    return html`<div class="form"><p>It answered ${answer.status}. The password, shown this once:</p><pre class="secret">${answer.password}</pre>
      <p class="muted">The old one opens too until it has come with the new one.</p>
      <div class="form-actions"><${Button} kind="primary" onClick=${done}>Done<//></div></div>`;
  }
  return html`<div class="form">
    <p>A password is made and set in the charge point over its connection. Some restart when they take it.</p>
    ${answer && html`<p class="error" role="alert">It was not taken: ${answer.error?.description || answer.status}.</p>`}
    ${problem && html`<p class="error" role="alert">${explained(problem)}</p>`}
    <div class="form-actions"><${Button} kind="primary" busy=${busy} disabled=${!point.connection.connected} onClick=${give}>
      ${point.connection.connected ? "Make and set it" : "Not connected"}<//></div>
  </div>`;
}
