// Whether the page is as narrow as a phone.

import { shared, useShared } from "./value.js";

const narrow = matchMedia("(max-width: 720px)");
const isNarrow = shared(narrow.matches);
narrow.addEventListener("change", () => isNarrow.set(narrow.matches));

export const useNarrow = () => useShared(isNarrow);
