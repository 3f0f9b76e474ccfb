// @ts-check
// The table of channels: who listens, what is kept, how much comes.
import { byId, make } from '../dom.js'
import { count } from './figures.js'
import { PagedTable, setCell } from './table.js'

/**
 * @typedef {object} Channel
 * @property {string} channel
 * @property {number} sessions
 * @property {string} newest position
 * @property {number} oldest offset of the oldest kept message
 */

export class Channels {
  #table
  /** How a channel stood before: a rate is what has come since. @type {WeakMap<HTMLElement, {at: number, newest: number}>} */
  #before = new WeakMap()

  /** @param {() => string} key @param {(user: string) => void} show */
  constructor(key, show) {
    const query = byId('channels-query', HTMLInputElement)
    this.#table = new PagedTable(key, {
      name: 'channels',
      one: 'channel',
      filter: () => ({ query: query.value.trim() || undefined }),
      id: (/** @type {Channel} */ row) => row.channel,
      make: (row) => newRow(row, show),
      update: (row, element) => this.#update(row, element),
    })
  }

  refresh() {
    void this.#table.refresh()
  }

  /** @param {Channel} channel @param {HTMLTableRowElement} row */
  #update({ sessions, newest: position, oldest }, row) {
    const newest = Number(position.slice(position.lastIndexOf('-') + 1))
    const now = { at: performance.now(), newest }
    const before = this.#before.get(row)
    this.#before.set(row, now)
    setCell(row, 1, count(sessions))
    setCell(row, 2, count(newest))
    setCell(row, 3, count(newest - oldest + 1))
    setCell(row, 4, before ? count(Math.max(0, newest - before.newest) / ((now.at - before.at) / 1000)) : '')
  }
}

/** @param {Channel} row @param {(user: string) => void} show */
function newRow({ channel }, show) {
  const name = make('td')
  const kind = channel.split(':', 1)[0]
  const label = make('bdi', `chip ${kind}`, channel)
  if (kind === 'user') {
    const button = make('button', 'link', label)
    button.type = 'button'
    button.addEventListener('click', () => show(channel.slice(5)))
    name.append(button)
  } else {
    name.append(label)
  }
  name.title = channel
  const row = make('tr', '', name, ...['number', 'number', 'number', 'number'].map((number) => make('td', number)))
  row.dataset.channel = channel
  return row
}
