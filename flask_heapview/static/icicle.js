// The picture of a tree: where the arrow keys lead.
import { explore } from "./picture.js";

const box = (link) => {
  const { x, y, width } = link.firstElementChild;
  return { left: x.baseVal.value, top: y.baseVal.value, wide: width.baseVal.value };
};

// up to what it hangs on, down to the widest of what hangs on it, and to its neighbours
function follow(links, from, key) {
  const here = box(from), boxes = links.map((link) => ({ link, ...box(link) }));
  const middle = here.left + here.wide / 2;
  const near = {
    ArrowUp: (b) => b.top === here.top - 20 && b.left <= middle && middle <= b.left + b.wide,
    ArrowDown: (b) => b.top === here.top + 20 && b.left >= here.left - 0.5 && b.left < here.left + here.wide,
    ArrowRight: (b) => b.top === here.top && b.left > here.left,
    ArrowLeft: (b) => b.top === here.top && b.left < here.left,
  }[key];
  const found = boxes.filter(near);
  const order = { ArrowDown: (a, b) => b.wide - a.wide, ArrowLeft: (a, b) => b.left - a.left }[key];
  return (found.sort(order || ((a, b) => a.left - b.left))[0] || {}).link;
}

explore("icicle", follow);
