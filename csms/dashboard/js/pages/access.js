// What administrators see of the interface: its keys, whom it tells, and who changed what.

import { html } from "../html.js";
import { to } from "../router.js";
import { PageHead, Tabs } from "../ui.js";

const TABS = [["api-keys", "API keys"], ["webhooks", "Webhooks"], ["audit", "Changes"]];

/** The head that these pages share. */
export function Access({ shown, actions }) {
  const title = TABS.find(([name]) => name === shown)[1];
  return html`<${PageHead} title=${title} actions=${actions} />
    <${Tabs} label="Of the interface" items=${TABS} shown=${shown} href=${(name) => to([name])} />`;
}
