// The imaginary company's own script. It uses the chat as any page would: by its one command.
for (const button of document.querySelectorAll("[data-chat]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.Parley?.("open"));
}
