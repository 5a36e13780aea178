/** The nonce of this page's policy (internal/portal/static.go); the browser hides the attribute, not the property. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce

// antd passes the nonce to the styles of its components, but not to those with which its tables
// measure scroll bars and its dialogs lock the page. Only our own scripts can run here, so every
// style that a script makes may have it; a style that comes as text into the page still may not.
const createElement = Document.prototype.createElement
Document.prototype.createElement = function (this: Document, ...of: Parameters<typeof createElement>) {
  const element = createElement.apply(this, of)
  if (nonce && element instanceof HTMLStyleElement) element.nonce = nonce
  return element
} as typeof createElement
