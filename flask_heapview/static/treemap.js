// The picture of memory by type: where the arrow keys lead.
import { explore } from "./picture.js";

const middle = ({ left, top, width, height }) => ({ x: left + width / 2, y: top + height / 2 });

// the nearest tile that lies that way; what is aside counts twice
function follow(links, from, key) {
  const across = key === "ArrowLeft" || key === "ArrowRight", back = key === "ArrowLeft" || key === "ArrowUp";
  const here = middle(from.getBoundingClientRect());
  const far = (link) => {
    const there = middle(link.getBoundingClientRect());
    const [along, aside] = across ? [there.x - here.x, there.y - here.y] : [there.y - here.y, there.x - here.x];
    const ahead = back ? -along : along;
    return ahead > 1 ? ahead + 2 * Math.abs(aside) : Infinity;
  };
  const near = links.map((link) => ({ link, far: far(link) })).sort((a, b) => a.far - b.far)[0];
  return near.far < Infinity ? near.link : null;
}

explore("treemap", follow);
