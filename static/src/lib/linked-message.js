// A message that the address names, as a search result does: "#m-" and its id.
const linked = () => (/^#m-\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null);

/** Reports whether the page shows the message that its address names. */
export const showsLinkedMessage = () => linked() !== null;

/** Brings that message into view and marks it. */
export function showLinkedMessage() {
  const message = linked();
  message?.classList.add("is-linked");
  message?.scrollIntoView({ block: "center" });
}
