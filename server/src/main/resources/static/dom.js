// @ts-check
// The few DOM helpers that the page's modules share. Text only ever enters as text nodes.

/**
 * The element with this id, which must be there and of this class.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`)
  return found
}

/**
 * A new element; strings among the children become text nodes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...children)
  return element
}

/** @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = one + 's') {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** For a human, with the client library's code when there is one. @param {unknown} failure */
export function reasonOf(failure) {
  if (!(failure instanceof Error)) return String(failure)
  return 'code' in failure && typeof failure.code === 'string' ? `${failure.message} (${failure.code})` : failure.message
}
