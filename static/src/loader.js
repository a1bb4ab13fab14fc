// The loader on a host page: it shows a button, and on the first open a frame with the panel. Until then nothing else is fetched and
// nothing is stored. As a classic script it shows the button at once, with the settings of its tag; with data-manual it waits for
// Parley("boot"). docs/embedding.md documents the interface for pages.
import { install } from "./loader/api.js";

const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
if (script) install(script.src, script.dataset);
