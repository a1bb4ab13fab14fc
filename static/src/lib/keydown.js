/**
 * Calls handle(event) when a key goes down in target, unless it belongs to a text that is being composed (in Chinese, Japanese, Korean and
 * others): those keys are the input method's. Safari sends the Enter that ends a composition after it, with code 229.
 */
export function onKeyDown(target, handle) {
  target.addEventListener("keydown", (event) => event.isComposing || event.keyCode === 229 || handle(event));
}

/** Is onKeyDown before the listeners of the elements within target. It is apart for the size of the loader, which has no use for it. */
export function onKeyDownFirst(target, handle) {
  target.addEventListener("keydown", (event) => event.isComposing || event.keyCode === 229 || handle(event), true);
}
