// The list of canned replies, loaded by the workbench when the list is opened for the first time.
export { createPicker } from "./workbench/canned-picker.js";
