const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * True for a path, with slashes, that stays inside a project and touches neither git nor our own state: what a manifest
 * or a foreign template may name. Case is ignored, because file systems do.
 */
export function isSafePath(path: string): boolean {
  if (path === '' || path.length > 1000 || /[\\:\0]/.test(path)) return false
  const parts = path.split('/')
  if (['.git', '.stoma', 'node_modules'].includes((parts[0] as string).toLowerCase())) return false
  return parts.every((part) => {
    const lower = part.toLowerCase()
    return (
      part !== '' && part !== '.' && part !== '..' && lower !== '.git' && !RESERVED.test(part) && !/[. ]$/.test(part)
    )
  })
}
