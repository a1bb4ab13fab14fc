// The number of unread messages before the title of the page.
export function titleCount() {
  return (count) => {
    const plain = document.title.replace(/^\(\d+\) /, "");
    const next = count > 0 ? `(${count}) ${plain}` : plain;
    if (document.title !== next) document.title = next;
  };
}
