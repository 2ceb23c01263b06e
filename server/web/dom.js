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

/** A coloured first letter, the same for the same name. */
export function avatar(name) {
  const mark = element("span", "avatar", [...name][0]?.toUpperCase());
  mark.setAttribute("aria-hidden", "true");
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 360;
  mark.style.setProperty("--hue", hash);
  return mark;
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
