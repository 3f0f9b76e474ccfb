// @ts-check
// The table of sessions.
import { byId, make } from '../dom.js'
import { bytes, count, span } from './figures.js'
import { PagedTable, setCell } from './table.js'

/**
 * @typedef {object} Session
 * @property {string} session
 * @property {string} [user] none: a back end that listens to the events
 * @property {string} mode
 * @property {string} [address]
 * @property {number} since milliseconds since 1970
 * @property {number | null} heard milliseconds ago
 * @property {string[]} topics
 * @property {number} queue bytes
 * @property {number} stalled milliseconds
 * @property {number} behind messages
 * @property {boolean} slow
 */

export class Sessions {
  #table

  /** @param {() => string} key @param {(user: string) => void} show */
  constructor(key, show) {
    const query = byId('sessions-query', HTMLInputElement)
    const slow = byId('sessions-slow', HTMLInputElement)
    this.#table = new PagedTable(key, {
      name: 'sessions',
      one: 'session',
      filter: () => ({ query: query.value.trim() || undefined, slow: slow.checked ? 'true' : undefined }),
      id: (/** @type {Session} */ row) => row.session,
      make: (row) => newRow(row, show),
      update,
    })
  }

  refresh() {
    void this.#table.refresh()
  }
}

/** @param {Session} session @param {(user: string) => void} show */
function newRow(session, show) {
  const row = make('tr')
  row.dataset.session = session.session
  const user = make('td')
  const { user: name } = session
  if (name === undefined) {
    user.append(make('span', 'muted', 'back end'))
  } else {
    const button = make('button', 'link', make('bdi', '', name))
    button.type = 'button'
    button.title = `Inbox and history of ${name}`
    button.addEventListener('click', () => show(name))
    user.append(button)
  }
  const id = make('td', 'mono', `…${session.session.slice(-6)}`)
  id.title = session.session
  const cells = ['', '', 'number', 'number', 'topics-cell', 'number', 'number'].map((kind) => make('td', kind))
  row.append(user, id, ...cells)
  setCell(row, 2, session.mode.replace('stream_v1', 'stream, v1'))
  setCell(row, 3, session.address ?? '')
  const action = make('td')
  if (name !== undefined) {
    const kick = make('button', 'small', 'Disconnect …')
    kick.type = 'button'
    kick.setAttribute('aria-label', `Disconnect ${name} …`)
    kick.addEventListener('click', () => show(name))
    action.append(kick)
  }
  row.append(action)
  return row
}

/** @param {Session} session @param {HTMLTableRowElement} row */
function update(session, row) {
  setCell(row, 4, span(Date.now() - session.since))
  setCell(row, 5, session.heard === null ? '–' : span(session.heard))
  setCell(row, 6, session.topics.length > 3 ? `${session.topics.slice(0, 3).join(', ')} +${session.topics.length - 3}` : session.topics.join(', '))
  row.cells[6].title = session.topics.slice(0, 50).join('\n')
  setCell(row, 7, session.stalled >= 1000 ? `${bytes(session.queue)}, stalled ${span(session.stalled)}` : bytes(session.queue))
  setCell(row, 8, count(session.behind))
  row.classList.toggle('warn', session.slow)
}
