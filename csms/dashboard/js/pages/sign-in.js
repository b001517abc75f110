// Signing in with an API key.

import { signedOut, signIn } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { Icon } from "../icons.js";
import { Button, Field } from "../ui.js";
import { useShared } from "../value.js";

export function SignIn() {
  const [key, setKey] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const why = useShared(signedOut);
  useEffect(() => {
    document.title = "Sign in – Charging";
  }, []);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(key.trim());
    } catch (failure) {
      setError(failure.message);
      setBusy(false);
    }
  }

  return html`<main class="alone">
    <form class="card sign-in" onSubmit=${submit}>
      <span class="brand-mark"><${Icon} name="bolt" size=${28} /></span>
      <h1>Sign in</h1>
      <p class="muted">${why ?? "With an API key of this central system. It stays in this tab, and is forgotten when the tab is closed."}</p>
      <${Field} label="API key" error=${error} hint="Made with: csms keys new --name NAME --scope control">
        ${(field) => html`<input ...${field} type="password" autocomplete="current-password" spellcheck=${false} required
          autofocus value=${key} onInput=${(event) => setKey(event.target.value)} />`}
      <//>
      <${Button} kind="primary" type="submit" busy=${busy} disabled=${!key.trim()}>Sign in<//>
    </form>
  </main>`;
}
