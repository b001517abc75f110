// What a charge point is asked to do, in OCPP's own words, and what became of it.

import { get, may, paths, post, Problem } from "../api.js";
import { NONE, when } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { EXAMPLES, REQUESTS } from "../requests.js";
import { Button, Card, Empty, Field, Loaded, Pill, sentence } from "../ui.js";

const TONES = { Accepted: "good", Rejected: "bad", NotSupported: "warn", CallError: "bad", Timeout: "warn", Disconnected: "warn" };

export function Commands({ id, point }) {
  const live = useLive((signal) => get(paths.commands(id), { limit: 100 }, signal), `commands/${id}`, 3000);
  return html`<div class="stack">
    ${may("control") && html`<${Send} id=${id} point=${point} sent=${live.reload} />`}
    <${Card} title="Sent">
      <${Loaded} of=${live}>
        ${({ items }) => (items.length === 0
          ? html`<${Empty} icon="bolt" title="No commands yet">What operators ask of this charge point is listed here with its outcome.<//>`
          : html`<ol class="commands">${items.map((one) => html`<${Sent} key=${one.command_id} one=${one} />`)}</ol>`)}
      <//>
    <//>
  </div>`;
}

function Sent({ one }) {
  return html`<li><details>
    <summary>
      <time class="number" dateTime=${one.at}>${when(one.at)}</time>
      <strong>${one.command}</strong>
      <span class="muted">${one.asked_by}</span>
      <span class="number muted">${one.response_time_ms === null ? "" : `${Math.round(one.response_time_ms)} ms`}</span>
      <${Pill} tone=${TONES[one.status] ?? "quiet"}>${one.status ?? "under way"}<//>
    </summary>
    <${Exchange} asked=${one.parameters} answered=${one.response} error=${one.error} />
  </details></li>`;
}

function Exchange({ asked, answered, error }) {
  return html`<div class="exchange">
    <div><h3>Asked</h3><pre>${JSON.stringify(asked ?? {}, null, 2)}</pre></div>
    <div><h3>Answered</h3><pre>${error ? [error.code, error.description, error.details && JSON.stringify(error.details)].filter(Boolean).join("\n") : answered ? JSON.stringify(answered, null, 2) : NONE}</pre></div>
  </div>`;
}

function Send({ id, point, sent }) {
  const version = point.protocol === "ocpp2.0.1" ? "2.0.1" : "1.6";
  const [action, setAction] = useState("TriggerMessage");
  const [text, setText] = useState(() => example("TriggerMessage", version));
  const [outcome, setOutcome] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const requests = REQUESTS[version];

  function choose(next) {
    setAction(next);
    setText(example(next, version));
    setOutcome(null);
    setProblem(null);
  }

  async function submit(event) {
    event.preventDefault();
    let payload;
    try {
      payload = JSON.parse(text.trim() || "{}");
    } catch (error) {
      setProblem(new Error(`This is not JSON: ${error.message}`));
      return;
    }
    setBusy(true);
    setProblem(null);
    setOutcome(null);
    try {
      setOutcome(await post(paths.ocpp(id, action), payload));
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
      sent();
    }
  }

  return html`<${Card} title="Send a command">
    <form class="form send" onSubmit=${submit}>
      <${Field} label="Command" hint=${sentence(requests[action])}>
        ${(field) => html`<select ...${field} value=${action} onChange=${(event) => choose(event.target.value)}>
          ${Object.keys(requests).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>`}
      <//>
      <${Field} label=${`Payload, as OCPP ${version} has it`} hint="It is checked against the schema before it leaves." error=${problem && refusal(problem)}>
        ${(field) => html`<textarea ...${field} rows="6" spellcheck=${false} value=${text} onInput=${(event) => setText(event.target.value)}></textarea>`}
      <//>
      <div class="form-actions">
        ${outcome && html`<span class="outcome" role="status"><${Pill} tone=${TONES[outcome.status] ?? "quiet"}>${outcome.status}<//>
          <code>${outcome.error ? [outcome.error.code, outcome.error.description].filter(Boolean).join(": ") : JSON.stringify(outcome.response)}</code>
          <span class="muted number">${outcome.response_time_ms === null ? "" : `${Math.round(outcome.response_time_ms)} ms`}</span></span>`}
        <${Button} kind="primary" type="submit" busy=${busy} disabled=${!point.connection.connected}>${point.connection.connected ? "Send" : "Not connected"}<//>
      </div>
    </form>
  <//>`;
}

const example = (action, version) => JSON.stringify(EXAMPLES[version][action] ?? {}, null, 2);

function refusal(problem) {
  if (!(problem instanceof Problem) || !problem.errors.length) return problem.message;
  return problem.errors.map(({ field, rule }) => `${field || "The payload"} ${rule}`).join("; ");
}
