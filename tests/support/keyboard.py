"""Somebody who uses a page with the keyboard alone, and has to see where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["Keyboard"]

MAX_STOPS = 80
_WHERE = """() => {
  const at = document.activeElement, part = at.parentElement;
  const said = one => ['A', 'BUTTON'].includes(one.tagName) ? one.innerText.trim() : '';
  const shown = at.classList.contains('hidden-input') ? at.nextElementSibling : at;
  const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
  return {
    name: at.id || (at.tagName === 'SUMMARY' ? part.id || part.className : at.value || said(at) || at.tagName),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    inView: box.left > -1 && box.right < innerWidth + 1
      && Math.min(box.bottom, innerHeight) - Math.max(box.top, 0) >= Math.min(box.height, 40) - 1,
    sized: box.width >= 10 && box.height >= 10,
    text: shown.outerHTML.slice(0, 100),
  };
}"""


class Keyboard:
    """`to` walks with Tab only. At every stop the focus must be outlined, of a size to be seen, and in view (of a high
    field at least the height of a line)."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def where(self) -> str:
        """The id of what has the focus, else its value or its words; of a summary the id of its part, else its class.

        Fails where it cannot be seen.
        """
        at: dict[str, Any] = self.page.evaluate(_WHERE)
        if at["name"] != "BODY":
            assert at["outline"] >= 2 and at["inView"] and at["sized"], at
        return str(at["name"])

    def to(self, name: str, key: str = "Tab") -> None:
        """Press Tab until the element of this name has the focus, over the page's end too."""
        seen = []
        for _ in range(MAX_STOPS):
            self.page.keyboard.press(key)
            seen.append(self.where())
            if seen[-1] == name:
                return
        raise AssertionError(f"Tab never came to {name}, but to {sorted(set(seen))}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def open(self, part: str) -> None:
        """Open a part that is folded."""
        self.to(part)
        self.press("Enter")

    def write(self, name: str, text: str) -> None:
        """Go to a field and fill it."""
        self.to(name)
        self.page.keyboard.insert_text(text)

    def use(self, name: str, *keys: str) -> None:
        """Go to a button and press it."""
        self.to(name)
        self.press(*(keys or ("Enter",)))
