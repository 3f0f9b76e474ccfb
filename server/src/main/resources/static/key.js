// @ts-check
// The key that a server with --publish-key wants, in the field of this page and in this tab's storage.

const NAME = 'parley.key'

/**
 * Keeps a field's key while the tab lives.
 * @param {HTMLInputElement} field
 * @returns {() => string} the key, or ''
 */
export function keepKey(field) {
  field.value = kept(NAME)
  field.addEventListener('change', () => kept(NAME, field.value.trim()))
  return () => field.value.trim()
}

/**
 * A request as whoever has the key makes it.
 * @param {string} key
 * @returns {Record<string, string>}
 */
export function keyHeaders(key) {
  return key ? { 'X-Api-Key': key } : {}
}

/** This tab's storage, where there is one. @param {string} name @param {string} [value] to keep */
export function kept(name, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(name) ?? ''
    sessionStorage.setItem(name, value)
  } catch {
    // Without storage it lasts until the page is left.
  }
  return ''
}
