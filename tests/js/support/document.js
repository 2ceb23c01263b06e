// As much of a document as old clients need to poll through scripts and forms.

import { runInThisContext } from "node:vm";

class Element {
  style = {};
  parentNode = null;

  setAttribute() {}

  appendChild(child) {
    child.parentNode = this;
    child.load?.();
  }

  removeChild(child) {
    child.parentNode = null;
  }
}

class Script extends Element {
  /** A script runs once it is loaded, removed from the document or not. */
  load() {
    fetch(this.src)
      .then((response) => (response.ok ? response.text() : Promise.reject(response)))
      .then(runInThisContext)
      .catch((error) => this.onerror(error));
  }
}

class Form extends Element {
  #fields = [];

  appendChild(child) {
    super.appendChild(child);
    this.#fields.push(child);
  }

  /** The frame that the answer is shown in is the last one that was put in. */
  submit() {
    const named = this.#fields.filter(({ value }) => value !== undefined);
    const body = new URLSearchParams(named.map(({ name, value }) => [name, value]));
    const frame = this.#fields.at(-1);
    fetch(this.action, { method: this.method, body })
      .then((response) => response.text())
      .then(() => frame.onload());
  }
}

/** Gives this process a document, for good. */
export function installDocument() {
  const kinds = { script: Script, form: Form };
  globalThis.document = {
    head: new Element(),
    body: new Element(),
    createElement: (name) => new (kinds[name] ?? Element)(),
    getElementsByTagName: () => [],
  };
}
