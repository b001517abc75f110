// Moves a charge point to a higher security profile, over its connection, and says how far that is.

import { may, paths, post } from "../api.js";
import { when } from "../format.js";
import { Part, Refused, useForm } from "../form.js";
import { html, useState } from "../html.js";
import { Note } from "../parts.js";
import { Button, Pill, useAction } from "../ui.js";
import { doubt, higherProfiles, hindrance, moveState, whatWillHappen } from "./profile-words.js";

/** How far a move is, with what helps it on. `move`: see lastMove. */
export function MoveState({ point, move, zone, reload }) {
  const { state, tone, word, text } = moveState(point, move);
  const [restart, busy] = useAction(async () => {
    const answer = await post(paths.commands(point.charge_point_id), { command: "reset", type: "soft" });
    reload();
    return answer;
  }, ({ status }) => `It answered ${status} to the restart.`);
  return html`<div class="move" role="status">
    <p><${Pill} tone=${tone}>${word}<//> <strong>Profile ${move.profile}</strong>${move.at && state !== "connected" ? html` <span class="muted number">${when(move.at, zone)}</span>` : ""}</p>
    <p class="hint">${text}</p>
    ${state === "reboot" && may("control") && html`<div><${Button} kind="small" busy=${busy} disabled=${!point.connection.connected} onClick=${restart}>Restart it<//></div>`}
  </div>`;
}

const SHOWN = ["security_profile", "url", "interface"];
const URL_PART = { name: "url", label: "Where it has to come to", hint: "without its id at the end, such as wss://csms.example.org:9443/ocpp" };
const INTERFACE = {
  name: "interface", label: "Over which interface", kind: "choice", list: true,
  options: ["Wired", "Wireless"].flatMap((kind) => [0, 1, 2, 3].map((number) => [`${kind}${number}`, `${kind} ${number}`])),
};

/** The form in its dialogue; afterwards what became of it, for as long as that is looked at. `latest`: the last move on record. */
export function HigherProfile({ point, zone, latest, reload, done }) {
  const [move, setMove] = useState(null);
  const old = point.protocol !== "ocpp2.0.1";
  const offered = higherProfiles(point.security);
  const form = useForm({ security_profile: offered[0]?.[0] ?? "", url: "", interface: "Wired0" }, async (texts) => {
    const where = old ? {} : { url: texts.url.trim() || null, interface: texts.interface };
    const answer = await post(paths.securityProfile(point.charge_point_id), { security_profile: Number(texts.security_profile), ...where });
    return { profile: answer.security_profile, at: null, steps: answer.steps };
  }, (answer) => {
    setMove(answer);
    reload();
  });
  if (move) {
    return html`<div class="form"><${MoveState} point=${point} move=${latest?.profile === move.profile ? latest : move} zone=${zone} reload=${reload} />
      <div class="form-actions"><${Button} kind="primary" onClick=${done}>Done<//></div></div>`;
  }
  const profile = Number(form.texts.security_profile);
  const why = hindrance(point, profile);
  const doubtful = doubt(point, profile);
  return html`<form class="form" onSubmit=${form.submit} novalidate>
    <${Part} form=${form} part=${{ name: "security_profile", label: "Security profile", kind: "choice", list: true, options: offered }} />
    ${!old && html`<${Part} form=${form} part=${URL_PART} /><${Part} form=${form} part=${INTERFACE} />`}
    <ul class="happens">${whatWillHappen(point, profile).map((text) => html`<li key=${text}>${text}</li>`)}</ul>
    ${doubtful && html`<${Note} tone="warn">${doubtful}<//>`}
    <${Refused} form=${form} shown=${SHOWN} />
    ${why && html`<p class="hint" role="note">${why}</p>`}
    <div class="form-actions"><${Button} kind="primary" type="submit" busy=${form.busy} disabled=${why !== null}>Move it to profile ${profile}<//></div>
  </form>`;
}
