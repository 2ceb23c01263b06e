// How the other files touch the page.
//
// What other people wrote only ever becomes text: there is no innerHTML here.

export const $ = (id) => document.getElementById(id);

export function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// Where the browser cannot tell what readers take for one character, a code point will do.
const characters = Intl.Segmenter
  ? (text) => Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
  : (text) => [...text];

/** A coloured first letter, the same for the same name; without a name, a question mark. */
export function avatar(name) {
  const letter = name ? characters(name)[0].toUpperCase() : "?";
  const mark = element("span", name ? "avatar" : "avatar unknown", letter);
  mark.setAttribute("aria-hidden", "true");
  if (!name) return mark;
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 360;
  mark.style.setProperty("--hue", hash);
  return mark;
}

/** Does `work` at once, but again only after so many milliseconds, however often it is called. */
export function calm(work, ms) {
  let resting = false;
  let isDue = false;
  const run = () => {
    if (resting) {
      isDue = true;
      return;
    }
    resting = true;
    isDue = false;
    work();
    setTimeout(() => {
      resting = false;
      if (isDue) run();
    }, ms);
  };
  return run;
}

const NOTICE_MS = 8_000;
let noticeTimer;

export function showNotice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(hideNotice, NOTICE_MS);
}

export function hideNotice() {
  $("notice").hidden = true;
}
