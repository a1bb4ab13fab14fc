// The base path of Parley on its host: PUBLIC_URL may have a path, as in https://example.com/chat.
const base = document.documentElement.dataset.base ?? "";

/** The address of a path of Parley, as in "/workbench". */
export const at = (path) => base + path;

/** A name for storage, channels and locks that no other Parley on the same host uses. It begins with "parley". */
export const scoped = (name) => name.replace("parley", `parley${base}`);
