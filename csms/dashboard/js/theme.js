// Light, dark, or as the system has it.

import { shared } from "./value.js";

const NAME = "csms.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** "light", "dark" or "auto": what was chosen. */
export const choice = shared(localStorage.getItem(NAME) ?? "auto");

/** "light" or "dark": what is shown. Charts are drawn again when it changes. */
export const theme = shared(shown());

function shown() {
  const chosen = choice.get();
  return chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
}

export function choose(value) {
  choice.set(value);
  if (value === "auto") localStorage.removeItem(NAME);
  else localStorage.setItem(NAME, value);
  apply();
}

function apply() {
  document.documentElement.dataset.theme = shown();
  theme.set(shown());
}

export function startTheme() {
  system.addEventListener("change", apply);
  apply();
}

/** A colour of the stylesheet, as it is now. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
