import { at } from "../lib/base.js";

/** The address of a chat of the workbench, below which its actions are. */
export const chatURL = (chat) => at(`/workbench/chats/${encodeURIComponent(chat)}`);
