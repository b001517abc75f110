// Who comes before whom: dragged, or moved by keyboard.

import { html, useEffect, useRef, useState } from "../html.js";
import { Icon } from "../icons.js";
import { Button } from "../ui.js";

/** A list with one entry moved. */
export function moved(list, from, to) {
  const out = list.filter((_, index) => index !== from);
  out.splice(to, 0, list[from]);
  return out;
}

/** `order`: ids, first rank first. `ids`: all that can be ranked. */
export function Ranks({ order, ids, onChange }) {
  const [said, setSaid] = useState("");
  const [drag, setDrag] = useState(null); // {id, startY, y}
  const list = useRef(null);
  const focus = useRef(null);
  const others = ids.filter((id) => !order.includes(id));

  useEffect(() => {
    if (!focus.current) return;
    const id = focus.current;
    focus.current = null;
    [...list.current.children].find((item) => item.dataset.id === id)?.querySelector(".grip")?.focus();
  }, [order]);

  function move(id, to) {
    const from = order.indexOf(id);
    if (to < 0 || to >= order.length || to === from) return;
    focus.current = drag ? null : id;
    onChange(moved(order, from, to));
    setSaid(`${id} is now rank ${to + 1} of ${order.length}.`);
  }

  function over(event) {
    if (!drag) return;
    const boxes = [...list.current.children].map((item) => item.getBoundingClientRect());
    const to = boxes.findIndex((box) => event.clientY < box.top + box.height);
    move(drag, to === -1 ? order.length - 1 : to);
  }

  function key(event, id) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(id, order.indexOf(id) + step);
  }

  return html`<div class="ranks">
    <ol ref=${list}>
      ${order.map((id, index) => html`<li key=${id} data-id=${id} class=${drag === id ? "dragged" : ""}>
        <button type="button" class="grip" aria-label=${`${id}, rank ${index + 1} of ${order.length}. Arrow keys move it.`}
          onKeyDown=${(event) => key(event, id)}
          onPointerDown=${(event) => { event.preventDefault(); event.target.closest("button").focus(); event.target.closest("button").setPointerCapture(event.pointerId); setDrag(id); }}
          onPointerMove=${over} onPointerUp=${() => setDrag(null)} onPointerCancel=${() => setDrag(null)}>
          <${Icon} name="grip" size=${18} />
        </button>
        <span class="rank number">${index + 1}</span><span class="name">${id}</span>
        <${Button} kind="quiet round" icon="up" aria-label=${`${id} up`} disabled=${index === 0} onClick=${() => move(id, index - 1)} />
        <${Button} kind="quiet round" icon="down" aria-label=${`${id} down`} disabled=${index === order.length - 1} onClick=${() => move(id, index + 1)} />
        <${Button} kind="quiet round" icon="close" aria-label=${`${id}: no rank`} onClick=${() => onChange(order.filter((other) => other !== id))} />
      </li>`)}
    </ol>
    ${others.length > 0 && html`<div class="unranked">
      <p class="hint">Without a rank, these come last, together:</p>
      <div class="chips">${others.map((id) => html`<button key=${id} type="button" class="chip" onClick=${() => onChange([...order, id])}>${id} <b>+</b></button>`)}</div>
    </div>`}
    <p class="hidden" aria-live="polite">${said}</p>
  </div>`;
}
