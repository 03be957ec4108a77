const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** What stands in each element of this name; what the elements around it are does not matter, nor do namespaces. */
export function elements(xml: string, name: string): string[] {
  const found = xml.matchAll(
    new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</(?:\\w+:)?${name}\\s*>)`, 'g'),
  )
  return [...found].map(([, inner = '']) => inner)
}

/** Text of the first element of this name; null where there is none. */
export function textOf(xml: string, name: string): string | null {
  const [inner] = elements(xml, name)
  return inner === undefined ? null : unescapeXml(inner)
}

const unescapeXml = (text: string) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) =>
    hex || decimal ? String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10)) : (ENTITIES[name] ?? all),
  )

export const escapeXml = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
