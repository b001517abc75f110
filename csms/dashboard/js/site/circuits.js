// The limit tree with what may flow through each part of it.

import { ampere, counted, exactKw, kw } from "../format.js";
import { html } from "../html.js";
import { to } from "../router.js";
import { Card } from "../ui.js";

export function Circuits({ tree }) {
  return html`<${Card} title="Circuits">
    <ul class="tree"><${Node} node=${tree} /></ul>
    <p class="hint">The bars show the worst case: the most that may flow under any limit a charger might be obeying.</p>
  <//>`;
}

function Node({ node }) {
  return html`<li>
    <div class="circuit">
      <span class="circuit-name">${node.name}</span>
      <div class="loads">
        ${node.maxKw !== null && html`<${Load} value=${node.kw} limit=${node.maxKw} text=${`${kw(node.kw)} of ${exactKw(node.maxKw)}`} />`}
        ${node.maxKw === null && node.maxA === null && html`<span class="muted">${kw(node.kw)}, no limit of its own</span>`}
        ${node.maxA !== null && node.currents.map((current, phase) => html`<${Load} key=${phase} value=${current} limit=${node.maxA}
          text=${`L${phase + 1}: ${ampere(current)} of ${ampere(node.maxA)}`} />`)}
      </div>
    </div>
    ${node.chargePoints.length > 0 && html`<p class="members">
      ${node.chargePoints.length > 12 ? counted(node.chargePoints.length, "charger") : node.chargePoints.map((id) => html`<a key=${id} href=${to(["charge-points", id])}>${id}</a>`)}
    </p>`}
    ${node.children.length > 0 && html`<ul>${node.children.map((child) => html`<${Node} key=${child.id} node=${child} />`)}</ul>`}
  </li>`;
}

function Load({ value, limit, text }) {
  const share = limit > 0 ? value / limit : value > 0 ? 1 : 0;
  return html`<div class="load">
    <span class=${`bar ${share > 1.0005 ? "over" : ""}`} role="img" aria-label=${text}><span class="drawn" style=${{ width: `${Math.min(100, share * 100)}%` }}></span></span>
    <span class="number">${text}</span>
  </div>`;
}
