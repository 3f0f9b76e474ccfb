// @ts-check
// The topics that this tab listens to. They outlive the connection: the next one subscribes to them again.
import { byId, make, reasonOf } from './dom.js'

/** @typedef {{topic: string, unsubscribe: () => unknown}} Subscription */
/** @typedef {{subscribe: (topic: string) => Subscription}} Subscriber */

export class Topics {
  #list = byId('topics', HTMLUListElement)
  #field = byId('topic', HTMLInputElement)
  #note = byId('topic-note', HTMLElement)
  #changed
  /** @type {Map<string, Subscription | null>} */ #topics = new Map()
  /** @type {Subscriber | null} */ #parley = null

  /** @param {string[]} names @param {() => void} changed */
  constructor(names, changed) {
    this.#changed = changed
    for (const name of names) if (name) this.#topics.set(name, null)
    byId('topic-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#add(this.#field.value.trim())
    })
    this.#draw()
  }

  names() {
    return [...this.#topics.keys()]
  }

  /** @param {Subscriber} parley a connection that is new: the subscriptions of the old one ended with it */
  use(parley) {
    this.#parley = parley
    for (const name of this.names()) this.#topics.set(name, parley.subscribe(name))
  }

  /** @param {string} name */
  #add(name) {
    if (!name) return
    this.#field.value = ''
    if (this.#topics.has(name)) return this.#say(`Already subscribed to ${name}`)
    try {
      this.#topics.set(name, this.#parley?.subscribe(name) ?? null)
    } catch (failure) {
      return this.#say(reasonOf(failure))
    }
    this.#say('')
    this.#draw()
    this.#changed()
  }

  /** The server does not let this user in. @param {string} name @param {string} detail */
  refused(name, detail) {
    if (!this.#topics.has(name)) return
    this.#drop(name)
    this.#say(`Not subscribed to ${name}: ${detail}`)
  }

  /** @param {string} name */
  #remove(name) {
    this.#drop(name)
    this.#say('')
    this.#field.focus()
  }

  /** @param {string} name */
  #drop(name) {
    this.#topics.get(name)?.unsubscribe()
    this.#topics.delete(name)
    this.#draw()
    this.#changed()
  }

  /** @param {string} text */
  #say(text) {
    this.#note.textContent = text
  }

  #draw() {
    this.#list.replaceChildren(...this.names().map((name) => {
      const cross = make('span', '', '×')
      cross.ariaHidden = 'true'
      const button = make('button', 'small quiet', cross)
      button.type = 'button'
      button.title = `Unsubscribe from ${name}`
      button.setAttribute('aria-label', button.title)
      button.addEventListener('click', () => this.#remove(name))
      const item = make('li', 'topic-item', make('bdi', 'name', name), button)
      item.dataset.topic = name
      item.title = name
      return item
    }))
  }
}
