// @ts-check
// What back ends ask this user: each question waits beside the log until the reader replies or dismisses it.
import { byId, make } from './dom.js'

/** Questions on the page; an older one is dismissed, its asker has given up long ago. */
const SHOWN = 5
/** Characters of a question. */
const CHARS = 500

/** @typedef {{body: unknown, flag?: string}} Question */

export class Asks {
  #list = byId('asks', HTMLUListElement)
  #announcer = byId('asks-announce', HTMLElement)
  #log
  /** What ends each question. @type {Map<HTMLLIElement, (reply: string | undefined) => void>} */ #open = new Map()

  /** @param {import('./log.js').LiveLog} log */
  constructor(log) {
    this.#log = log
  }

  /**
   * @param {Question} question
   * @returns {Promise<string | undefined>} the reply; undefined for none
   */
  ask({ body, flag }) {
    const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
    const shown = text.length > CHARS ? `${text.slice(0, CHARS)}…` : text
    this.#log.note('info', 'asked', shown)
    this.#announcer.textContent = `A back end asks: ${shown}`
    return new Promise((resolve) => {
      const item = this.#item(shown, flag)
      this.#open.set(item, (reply) => {
        this.#open.delete(item)
        const hadFocus = item.contains(document.activeElement)
        item.remove()
        if (hadFocus) (this.#list.querySelector('input') ?? byId('send-body', HTMLTextAreaElement)).focus()
        if (reply !== undefined) this.#log.note('out', 'replied', reply)
        resolve(reply)
      })
      this.#list.append(item)
      if (this.#open.size > SHOWN) this.#end(/** @type {HTMLLIElement} */ (this.#list.firstElementChild), undefined)
    })
  }

  /** Nobody waits for replies any more. */
  clear() {
    for (const item of [...this.#open.keys()]) this.#end(item, undefined)
  }

  /** @param {HTMLLIElement} item @param {string | undefined} reply */
  #end(item, reply) {
    this.#open.get(item)?.(reply)
  }

  /** @param {string} text @param {string} [flag] */
  #item(text, flag) {
    const what = make('p', 'what', make('span', 'chip mark', 'asks'), ' ')
    if (flag) what.append(make('bdi', 'chip flag', flag), ' ')
    const said = make('bdi', 'body', text)
    what.append(said)
    const field = make('input')
    field.setAttribute('aria-label', 'Your reply')
    field.placeholder = 'Your reply'
    const reply = make('button', 'primary', 'Reply')
    const dismiss = make('button', '', 'Dismiss')
    dismiss.type = 'button'
    const form = make('form', 'fields', field, reply, dismiss)
    form.autocomplete = 'off'
    const item = make('li', 'question', what, form)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#end(item, field.value)
    })
    dismiss.addEventListener('click', () => this.#end(item, undefined))
    return item
  }
}
