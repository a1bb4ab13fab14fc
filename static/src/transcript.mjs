// What the panel loads when the user downloads the transcript for the first time.
export { download } from "./widget/transcript.js";
