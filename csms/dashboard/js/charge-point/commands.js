// What a charge point is asked to do, in everyday words or in OCPP's own, and what became of it.

import { get, may, paths, post, Problem } from "../api.js";
import { NONE, when } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { EXAMPLES, REQUESTS } from "../requests.js";
import { Button, Card, Choice, Empty, Field, Loaded, Pill, sentence } from "../ui.js";
import { commandBody, COMMANDS, OFFLINE_TOO } from "./neutral.js";

const TONES = { Accepted: "good", Rejected: "bad", NotSupported: "warn", CallError: "bad", Timeout: "warn", Disconnected: "warn" };

export function Commands({ id, point, site }) {
  const live = useLive((signal) => get(paths.commands(id), { limit: 100 }, signal), `commands/${id}`, 3000);
  return html`<div class="stack">
    ${may("control") && html`<${Send} id=${id} point=${point} sent=${live.reload} />`}
    <${Card} title="Sent">
      <${Loaded} of=${live}>
        ${({ items }) => (items.length === 0
          ? html`<${Empty} icon="bolt" title="No commands yet">What operators ask of this charge point is listed here with its outcome.<//>`
          : html`<ol class="commands">${items.map((one) => html`<${Sent} key=${one.command_id} one=${one} zone=${site.timezone} />`)}</ol>`)}
      <//>
    <//>
  </div>`;
}

function Sent({ one, zone }) {
  return html`<li><details>
    <summary>
      <time class="number" dateTime=${one.at}>${when(one.at, zone)}</time>
      <strong title=${one.command}>${COMMANDS[one.command]?.title ?? one.command}</strong>
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
  const [words, setWords] = useState("plain");
  return html`<${Card} title="Send a command" actions=${html`<${Choice} label="In which words" options=${[["plain", "Everyday"], ["ocpp", "In OCPP's words"]]}
      value=${words} onChange=${setWords} />`}>
    ${words === "plain" ? html`<${Plain} id=${id} point=${point} sent=${sent} />` : html`<${Raw} id=${id} point=${point} sent=${sent} />`}
  <//>`;
}

/** Sends once at a time; what came of it, or why it was refused. */
function useSending(send, sent) {
  const [state, setState] = useState({ outcome: null, problem: null, busy: false });
  async function run(...given) {
    setState({ outcome: null, problem: null, busy: true });
    try {
      setState({ outcome: await send(...given), problem: null, busy: false });
    } catch (problem) {
      setState({ outcome: null, problem, busy: false });
    }
    sent();
  }
  return { ...state, run, clear: () => setState({ outcome: null, problem: null, busy: false }) };
}

function Submit({ point, sending, offline }) {
  const { outcome, busy } = sending;
  const possible = point.connection.connected || offline;
  return html`<div class="form-actions">
    ${outcome && html`<span class="outcome" role="status"><${Pill} tone=${TONES[outcome.status] ?? "quiet"}>${outcome.status}<//>
      <code>${outcome.error ? [outcome.error.code, outcome.error.description].filter(Boolean).join(": ") : JSON.stringify(outcome.response)}</code>
      <span class="muted number">${outcome.response_time_ms === null ? "" : `${Math.round(outcome.response_time_ms)} ms`}</span></span>`}
    <${Button} kind="primary" type="submit" busy=${busy} disabled=${!possible}>${possible ? "Send" : "Not connected"}<//>
  </div>`;
}

function Plain({ id, point, sent }) {
  const [command, setCommand] = useState("trigger_message");
  const [texts, setTexts] = useState({});
  const sending = useSending(() => post(paths.commands(id), commandBody(command, texts)), sent);
  const { title: _title, words, parts } = COMMANDS[command];
  const rule = (name) => (sending.problem instanceof Problem ? sending.problem.rule(name) : undefined);
  const named = parts.some((part) => rule(part.name));
  const choose = (next) => {
    setCommand(next);
    setTexts({});
    sending.clear();
  };
  return html`<form class="form plain-command" onSubmit=${(event) => { event.preventDefault(); sending.run(); }} novalidate>
    <${Field} label="Command" hint=${words}>
      ${(field) => html`<select ...${field} value=${command} onChange=${(event) => choose(event.target.value)}>
        ${Object.entries(COMMANDS).map(([name, one]) => html`<option key=${name} value=${name}>${one.title}</option>`)}
      </select>`}
    <//>
    ${parts.map((part) => html`<${Part} key=${`${command}/${part.name}`} part=${part} error=${rule(part.name)} value=${texts[part.name] ?? part.initial ?? ""}
      onChange=${(text) => setTexts({ ...texts, [part.name]: text })} />`)}
    ${sending.problem && !named && html`<p class="error" role="alert">${refusal(sending.problem)}</p>`}
    <${Submit} point=${point} sending=${sending} offline=${OFFLINE_TOO.has(command)} />
  </form>`;
}

function Part({ part, error, value, onChange }) {
  if (part.kind === "choice" && part.options.length > 3) {
    return html`<${Field} label=${part.label}>${(field) => html`<select ...${field} value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${part.options.map(([option, text]) => html`<option key=${option} value=${option}>${text}</option>`)}
    </select>`}<//>`;
  }
  if (part.kind === "choice") {
    return html`<div class="field"><span class="label">${part.label}</span><${Choice} label=${part.label} options=${part.options} value=${value} onChange=${onChange} /></div>`;
  }
  const type = { number: "number", time: "datetime-local" }[part.kind] ?? "text";
  return html`<${Field} label=${part.label} hint=${part.hint} error=${error}>
    ${(field) => html`<input ...${field} type=${type} step="any" spellcheck=${false} value=${value} onInput=${(event) => onChange(event.target.value)} />`}
  <//>`;
}

function Raw({ id, point, sent }) {
  const version = point.protocol === "ocpp2.0.1" ? "2.0.1" : "1.6";
  const [action, setAction] = useState("TriggerMessage");
  const [text, setText] = useState(() => example("TriggerMessage", version));
  const sending = useSending(async () => {
    let payload;
    try {
      payload = JSON.parse(text.trim() || "{}");
    } catch (error) {
      throw new Error(`This is not JSON: ${error.message}`);
    }
    return post(paths.ocpp(id, action), payload);
  }, sent);
  const requests = REQUESTS[version];

  function choose(next) {
    setAction(next);
    setText(example(next, version));
    sending.clear();
  }

  return html`<form class="form send" onSubmit=${(event) => { event.preventDefault(); sending.run(); }}>
    <${Field} label="Command" hint=${sentence(requests[action])}>
      ${(field) => html`<select ...${field} value=${action} onChange=${(event) => choose(event.target.value)}>
        ${Object.keys(requests).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>`}
    <//>
    <${Field} label=${`Payload, as OCPP ${version} has it`} hint="It is checked against the schema before it leaves." error=${sending.problem && refusal(sending.problem)}>
      ${(field) => html`<textarea ...${field} rows="6" spellcheck=${false} value=${text} onInput=${(event) => setText(event.target.value)}></textarea>`}
    <//>
    <${Submit} point=${point} sending=${sending} />
  </form>`;
}

const example = (action, version) => JSON.stringify(EXAMPLES[version][action] ?? {}, null, 2);

function refusal(problem) {
  if (!(problem instanceof Problem) || !problem.errors.length) return problem.message;
  return problem.errors.map(({ field, rule }) => `${field || "The payload"} ${rule}`).join("; ");
}
