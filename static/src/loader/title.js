// The number of unread messages before the title of the page, whose own title may change in the meantime.
export function titleCount() {
  let plain;
  let shown;
  const own = () => (document.title === shown ? plain : document.title);
  return {
    own,
    show(count) {
      plain = own();
      shown = count > 0 ? `(${count}) ${plain}` : plain;
      if (document.title !== shown) document.title = shown;
    },
  };
}
