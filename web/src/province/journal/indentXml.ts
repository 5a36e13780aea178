const step = '  '

/** Writes an element per line, so that a message can be read. What is no XML stays as it is. */
export function indentXml(text: string): string {
  const root = new DOMParser().parseFromString(text, 'text/xml').documentElement
  if (!root || root.getElementsByTagName('parsererror').length > 0 || root.nodeName === 'parsererror') return text
  return lines(root, '').join('\n')
}

function lines(element: Element, indent: string): string[] {
  const attributes = [...element.attributes].map((a) => ` ${a.name}="${a.value}"`).join('')
  const start = `${indent}<${element.nodeName}${attributes}>`
  const end = `</${element.nodeName}>`
  if (element.children.length === 0) return [`${start}${element.textContent ?? ''}${end}`]
  return [start, ...[...element.children].flatMap((child) => lines(child, indent + step)), indent + end]
}
