// API keys: made here, shown once, revoked.

import { del, everything, paths, post, Problem, session } from "../api.js";
import { NONE, when } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Card, Choice, Dialog, explained, Field, Loaded, Pill, say, useAction } from "../ui.js";
import { Access } from "./access.js";

const SCOPES = [["read", "Read: looks"], ["control", "Control: changes and commands"], ["admin", "Admin: keys and the like"]];
const TONES = { read: "quiet", control: "calm", admin: "wait" };

export function ApiKeys() {
  const live = useLive(() => everything(paths.apiKeys), "api-keys", 10_000);
  const [making, setMaking] = useState(false);
  return html`<${Access} shown="api-keys" actions=${html`<${Button} kind="primary" icon="plus" onClick=${() => setMaking(true)}>New<//>`} />
    <${Card} class="flush" label="API keys">
      <${Loaded} of=${live}>
        ${(keys) => html`<div class="scroll"><table class="stacked">
          <thead><tr><th>Name</th><th>May</th><th>From</th><th>Made</th><th></th></tr></thead>
          <tbody>${keys.map((key) => html`<${Row} key=${key.name} one=${key} reload=${live.reload} />`)}</tbody>
        </table></div>`}
      <//>
    <//>
    <${Dialog} title="New API key" open=${making} onClose=${() => setMaking(false)}>
      <${NewKey} made=${live.reload} />
    <//>`;
}

function Row({ one, reload }) {
  const [asked, setAsked] = useState(false);
  const [revoke, busy] = useAction(async () => {
    await del(paths.apiKey(one.name));
    reload();
  }, "Revoked: it opens nothing any more.");
  const mine = one.name === session.get()?.name;
  return html`<tr>
    <th scope="row">${one.name}${mine && html` <${Pill} tone="good">this one<//>`}</th>
    <td data-label="May"><span>${one.scopes.map((scope) => html`<${Pill} key=${scope} tone=${TONES[scope]}>${scope}<//> `)}</span></td>
    <td data-label="From">${one.source === "file" ? "configuration file" : "dashboard or API"}</td>
    <td class="number" data-label="Made"><span>${one.created_at ? when(one.created_at) : NONE}</span>${one.created_by && html`<small>by ${one.created_by}</small>`}</td>
    <td class="end">${one.source === "api" && !mine && (asked
      ? html`<${Button} kind="small danger" busy=${busy} onClick=${revoke}>Revoke for good<//>`
      : html`<${Button} kind="small quiet" onClick=${() => setAsked(true)}>Revoke<//>`)}</td>
  </tr>`;
}

function NewKey({ made }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState("read");
  const [key, setKey] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      setKey((await post(paths.apiKeys, { name: name.trim(), scopes: [scope] })).key);
      made();
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }

  if (key) {
    return html`<div class="form">
      <p>The key, shown this once:</p>
      <pre class="secret">${key}</pre>
      <div class="form-actions"><${Button} kind="primary" onClick=${() => navigator.clipboard.writeText(key).then(() => say("Copied."), () => say("It could not be copied; select it.", "bad"))}>Copy<//></div>
    </div>`;
  }
  const rule = problem instanceof Problem ? problem.rule("name") : undefined;
  return html`<form class="form" onSubmit=${submit} novalidate>
    <${Field} label="Name" hint="Who will use it." error=${rule}>
      ${(field) => html`<input ...${field} autofocus value=${name} onInput=${(event) => setName(event.target.value)} />`}
    <//>
    <div class="field"><span class="label">May</span><${Choice} label="May" options=${SCOPES} value=${scope} onChange=${setScope} /></div>
    ${problem && !rule && html`<p class="error" role="alert">${explained(problem)}</p>`}
    <div class="form-actions"><${Button} kind="primary" type="submit" busy=${busy} disabled=${!name.trim()}>Make the key<//></div>
  </form>`;
}
