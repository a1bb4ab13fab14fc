// Emoji of new versions are left out where no font of the device has them.
const known = 14; // versions up to this one (2021) are everywhere
const drawn = new Map();

/** Whether this device draws the emoji of a version; list holds an example of each. */
export function canDraw(version, list) {
  if (version <= known) return true;
  if (!drawn.has(version)) drawn.set(version, isColourful(list.find((one) => one[4] === version)[0]));
  return drawn.get(version);
}

// A picture has colours of its own; the box of a missing character has the colour of the text.
function isColourful(emoji) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const colours = ["#000", "#fff"].map((colour) => {
    context.clearRect(0, 0, 1, 1);
    context.textBaseline = "top";
    context.font = "100px sans-serif";
    context.fillStyle = colour;
    context.setTransform(0.01, 0, 0, 0.01, 0, 0);
    context.fillText(emoji, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    return context.getImageData(0, 0, 1, 1).data.join();
  });
  return colours[0] === colours[1] && !colours[0].startsWith("0,0,0,");
}
