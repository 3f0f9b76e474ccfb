// @ts-check
// Who is online: asked of the server every few seconds while somebody looks at the page.
import { byId, make, plural } from './dom.js'
import { keyHeaders } from './key.js'

/** Milliseconds between two questions. */
const EVERY = 3000
/** An answer that takes longer counts as none. */
const TIMEOUT = 5000
/** Users on the page; the console has the rest. */
const SHOWN = 100

/**
 * @param {object} page
 * @param {() => string} page.key the publish key, or ''
 * @param {() => string} page.me this tab's user
 * @param {(user: string) => void} page.pick the user that was clicked
 * @returns {{refresh: () => void}}
 */
export function watchOnline({ key, me, pick }) {
  const list = byId('online', HTMLUListElement)
  const count = byId('online-count', HTMLElement)
  const note = byId('online-note', HTMLElement)
  const known = byId('known-users', HTMLDataListElement)
  /** @type {Map<string, HTMLLIElement>} */
  const items = new Map()
  let asking = false
  let again = false
  let timer = 0

  /** Asks now, and from now on every few seconds. */
  async function refresh() {
    window.clearTimeout(timer)
    if (asking) {
      again = true
      return
    }
    asking = true
    try {
      if (!document.hidden) await ask()
    } finally {
      asking = false
      timer = window.setTimeout(refresh, again ? 0 : EVERY)
      again = false
    }
  }

  async function ask() {
    try {
      const answer = await fetch('socket/online', { headers: keyHeaders(key()), cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) })
      const body = await answer.json()
      if (!answer.ok) throw new Error(answer.status === 401 ? 'The server wants one of its keys: see “As a back end”.' : body.detail ?? body.title)
      draw(Object.entries(body.users), Boolean(body.next))
    } catch (failure) {
      draw([], false)
      count.textContent = ''
      note.textContent = failure instanceof TypeError || failure instanceof DOMException || failure instanceof SyntaxError
        ? 'The server does not answer.'
        : String(failure instanceof Error ? failure.message : failure)
    }
  }

  /**
   * Changes only what changed, so that a button keeps its focus.
   * @param {[string, number][]} answer @param {boolean} more the server has more than it told
   */
  function draw(answer, more) {
    const users = answer.filter(([, sessions]) => sessions > 0).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    const shown = users.slice(0, SHOWN)
    const names = new Set(shown.map(([user]) => user))
    for (const [user, item] of items) {
      if (names.has(user)) continue
      item.remove()
      items.delete(user)
    }
    shown.forEach(([user, sessions], index) => {
      const item = items.get(user) ?? person(user)
      items.set(user, item)
      item.classList.toggle('me', user === me())
      const tail = [user === me() ? 'you' : '', sessions > 1 ? `${sessions} sessions` : ''].filter(Boolean).join(', ')
      const told = /** @type {HTMLElement} */ (item.querySelector('.muted'))
      if (told.textContent !== tail) told.textContent = tail
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null)
    })
    const told = [...known.children].map((option) => option.getAttribute('value')).join('\n')
    if (told !== [...names].join('\n')) {
      known.replaceChildren(...[...names].map((user) => Object.assign(make('option'), { value: user })))
    }
    count.textContent = `${plural(users.length, 'user')}${more ? ' and more' : ''}`
    note.textContent = users.length > SHOWN ? `The first ${SHOWN} are shown.` : users.length ? '' : 'Nobody is here.'
  }

  /** @param {string} user */
  function person(user) {
    const button = make('button', 'person', make('span', 'dot'), make('bdi', 'name', user), make('span', 'muted'))
    button.type = 'button'
    button.title = `Send to ${user}`
    button.addEventListener('click', () => pick(user))
    const item = make('li', '', button)
    item.dataset.user = user
    return item
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refresh()
  })
  refresh()
  return { refresh }
}
