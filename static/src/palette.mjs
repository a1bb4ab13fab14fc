// The command palette, loaded when it is first opened.
export { createPalette } from "./palette/palette.js";
