// @ts-check
// What became of one message: in a word, and in each session.
import { ask } from '../api.js'
import { byId, make, reasonOf } from '../dom.js'
import { facts, rows } from './user.js'

export class TraceDialog {
  #dialog = byId('trace-dialog', HTMLDialogElement)
  #detail = byId('trace-detail', HTMLElement)
  #key

  /** @param {() => string} key */
  constructor(key) {
    this.#key = key
    byId('trace-close', HTMLButtonElement).addEventListener('click', () => this.#dialog.close())
  }

  /** @param {string} id of a message */
  async show(id) {
    this.#detail.textContent = 'Asking …'
    byId('trace-facts', HTMLElement).replaceChildren()
    byId('trace-sessions', HTMLElement).replaceChildren()
    if (!this.#dialog.open) this.#dialog.showModal()
    try {
      const told = await ask('socket/message', { id }, this.#key())
      this.#detail.textContent = told.detail
      facts(byId('trace-facts', HTMLElement), /** @type {[string, string][]} */ ([
        ['cause', told.cause], ['channel', told.channel], ['position', told.position ?? 'none'], ['id', told.id],
      ].map(([name, value]) => [name, String(value)])))
      rows('trace-sessions', told.sessions, 'No session was meant.', (/** @type {any} */ one) => [
        make('span', 'mono', one.session), ' ', make('bdi', '', one.user ?? ''), `: ${one.state}${one.closed ? `, closed with ${one.closed}` : ''}`])
    } catch (failure) {
      this.#detail.textContent = reasonOf(failure)
    }
  }
}
