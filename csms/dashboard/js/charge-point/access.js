// How a charge point gets in, a new password for it, and a higher security profile.

import { get, may, paths, post } from "../api.js";
import { NONE } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Card, Dialog, explained } from "../ui.js";
import { HigherProfile, MoveState } from "./profile.js";
import { higherProfiles, lastMove } from "./profile-words.js";

export function AccessCard({ point, zone, reload }) {
  const { security } = point;
  const [open, setOpen] = useState(/** @type {null | "password" | "profile"} */ (null));
  // What it was sent is asked for again when something has come of it, and after each dialogue.
  const stage = `${security.security_profile}/${security.least_profile}/${security.offered_profile}/${point.connection.since}`;
  const sent = useLive((signal) => get(paths.commands(point.charge_point_id), { limit: 100 }, signal), `moves/${point.charge_point_id}/${stage}`, 0);
  const again = () => {
    sent.reload();
    reload();
  };
  const close = () => {
    setOpen(null);
    again();
  };
  const move = sent.loading ? null : lastMove(security, sent.data?.items ?? []);
  const facts = [
    ["Came with profile", security.security_profile],
    ["At least", security.least_profile],
    ["Password", security.password_required ? "required" : "not required"],
    ["New passwords", security.offered_passwords ? `${security.offered_passwords}, not used yet` : NONE],
  ];
  const actions = may("admin") && html`<${Button} kind="small" onClick=${() => setOpen("password")}>New password<//>
    ${higherProfiles(security).length > 0 && html`<${Button} kind="small" onClick=${() => setOpen("profile")}>Higher profile<//>`}`;
  return html`<${Card} title="How it gets in" actions=${actions}>
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${move && html`<${MoveState} point=${point} move=${move} zone=${zone} reload=${again} />`}
    <${Dialog} title="New password" open=${open === "password"} onClose=${close}><${NewPassword} point=${point} done=${close} /><//>
    <${Dialog} title="A higher security profile" open=${open === "profile"} onClose=${close}>
      <${HigherProfile} point=${point} zone=${zone} latest=${move} reload=${again} done=${close} /><//>
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
