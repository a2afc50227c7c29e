/** Elements made from text only: nothing from a file is ever read as markup. */

type Child = Node | string | null | undefined | false;

/** An element with attributes and children; strings become text. */
export function h(tag: string, attributes: Readonly<Record<string, string>> = {}, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** A sentence whose dates are not broken at the end of a line. */
export const words = (sentence: string): Child[] =>
  sentence.split(/([0-9]{4}-[0-9]{2}-[0-9]{2})/).map((part, at) => (at % 2 ? h("span", { class: "date" }, part) : part));

/** The element of this id, which the page has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found as T;
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES: Readonly<Record<string, readonly [string, string]>> = {
  // Circle, octagon, diamond: told apart without colour.
  pass: ["M12 1.5a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21z", "M7 12.3l3.4 3.4L17 8.8"],
  fail: ["M7.7 1.5h8.6l6.2 6.2v8.6l-6.2 6.2H7.7l-6.2-6.2V7.7z", "M8.2 8.2l7.6 7.6M15.8 8.2l-7.6 7.6"],
  unknown: ["M12 .9l11.1 11.1L12 23.1.9 12z", "M9.7 9.8a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.3 1-1.3 1.9M12 16.4v.2"],
};

/** The sign of an outcome; decoration, for the word stands beside it. */
export function sign(outcome: "pass" | "fail" | "unknown"): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const [shape, mark] = SHAPES[outcome]!;
  svg.append(path(shape, { fill: "currentColor" }));
  svg.append(path(mark, { fill: "none", stroke: "#fff", "stroke-width": "2.2", "stroke-linecap": "round", "stroke-linejoin": "round" }));
  return svg;
}

function path(d: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ d, ...attributes })) element.setAttribute(name, value);
  return element;
}

/** Show a sentence in a place for problems, or hide the place. */
export function tell(place: HTMLElement, sentence: string | null): void {
  place.textContent = sentence ?? "";
  place.hidden = sentence === null;
}
