// The loader as a module: import Parley from "https://chat.example.com/widget.mjs". It shows nothing before Parley("boot", {…}).
import { install } from "./loader/api.js";

export default install(import.meta.url);
