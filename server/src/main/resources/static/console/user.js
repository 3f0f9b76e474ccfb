// @ts-check
// One user: how his inbox and connections stand, what befell him, his last messages; and the button that sends him away.
import { ask } from '../api.js'
import { byId, make, plural, reasonOf } from '../dom.js'
import { closeWords } from './events.js'
import { span } from './figures.js'

/** Messages of his history that are shown. */
const MESSAGES = 50
/** Characters of a body. */
const BODY_CHARS = 500

/** @typedef {{channel: string, position: string, id: string, time: number, sender?: string, flag?: string, body: unknown}} Message */

export class UserDialog {
  #dialog = byId('user-dialog', HTMLDialogElement)
  #note = byId('user-note', HTMLElement)
  #kick = byId('kick', HTMLButtonElement)
  #reason = byId('kick-reason', HTMLInputElement)
  #key
  #trace
  #user = ''

  /** @param {() => string} key @param {(id: string) => void} trace */
  constructor(key, trace) {
    this.#key = key
    this.#trace = trace
    byId('user-close', HTMLButtonElement).addEventListener('click', () => this.#dialog.close())
    byId('kick-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#disconnect()
    })
  }

  /** @param {string} user */
  show(user) {
    this.#user = user
    byId('user-title', HTMLElement).replaceChildren(make('bdi', '', user))
    for (const id of ['user-online', 'user-inbox', 'user-sessions', 'user-recent', 'user-history']) byId(id, HTMLElement).replaceChildren()
    this.#say('Asking …')
    this.#reason.value = ''
    if (!this.#dialog.open) this.#dialog.showModal()
    void this.#load('')
  }

  /** @param {string} text @param {boolean} [bad] */
  #say(text, bad = false) {
    this.#note.className = bad ? 'note bad' : 'note'
    this.#note.textContent = text
  }

  /** @param {string} said what to say when it is done */
  async #load(said) {
    const user = this.#user
    try {
      const why = await ask('socket/why', { userId: user }, this.#key())
      const newest = String(why.inbox.newest)
      const dash = newest.lastIndexOf('-')
      const since = `${newest.slice(0, dash)}-${Math.max(0, Number(newest.slice(dash + 1)) - MESSAGES)}`
      const history = await ask('socket/history', { userId: user, since, limit: MESSAGES }, this.#key())
      if (user !== this.#user) return
      this.#drawStanding(why)
      this.#drawHistory(history.messages)
      this.#say(said)
    } catch (failure) {
      if (user === this.#user) this.#say(reasonOf(failure), true)
    }
  }

  /** @param {any} why */
  #drawStanding({ online, inbox, sessions, recent }) {
    byId('user-online', HTMLElement).textContent = online ? plural(online, 'session') : 'not here'
    this.#kick.disabled = !online
    facts(byId('user-inbox', HTMLElement), [
      ['unread', String(inbox.unread)],
      ['read up to', inbox.read === null ? 'nothing yet' : String(inbox.read)],
      ['newest', inbox.newest],
    ])
    rows('user-sessions', sessions, 'None.', (/** @type {any} */ one) => [
      make('span', 'mono', one.session), ` ${one.mode}: ${one.behind ? `${plural(one.behind, 'message')} behind, ` : ''}`
        + `offered ${one.offered}, written ${one.written}, acked ${one.acked}`])
    rows('user-recent', recent, 'Nothing.', (/** @type {any} */ fate) => [
      `${span(Date.now() - fate.time)} ago: `.replace('now ago', 'now'), fate.what === 'closed' ? `closed, ${closeWords(fate.code)}`
        : fate.what === 'slow' ? `too slow for ${fate.channel}, fed from the history` : `gap in ${fate.channel}: ${fate.missed ?? 'unknown'} missed`])
  }

  /** @param {Message[]} messages oldest first */
  #drawHistory(messages) {
    rows('user-history', [...messages].reverse(), 'None is kept.', ({ time, sender, flag, body, id, position }) => {
      const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
      const why = make('button', 'small', 'Why')
      why.type = 'button'
      why.setAttribute('aria-label', `Why: what became of ${id}`)
      why.addEventListener('click', () => this.#trace(id))
      const what = make('div', 'what', make('time', 'muted', new Date(time).toLocaleString('en-GB')), ' ')
      if (sender) what.append(make('span', 'sender', make('bdi', '', sender)), ' ')
      if (flag) what.append(make('bdi', 'chip flag', flag), ' ')
      const shown = make('span', 'body', text.length > BODY_CHARS ? `${text.slice(0, BODY_CHARS)}…` : text)
      shown.dir = 'auto'
      what.append(shown, make('span', 'mono muted small-text', position))
      return [what, why]
    })
  }

  async #disconnect() {
    const user = this.#user
    this.#kick.disabled = true
    try {
      const reason = this.#reason.value.trim() || undefined
      const { disconnected } = await ask('socket/disconnect', { userId: user, reason }, this.#key(), 'POST')
      await this.#load(`Disconnected: ${plural(disconnected, 'session')}.`)
    } catch (failure) {
      this.#kick.disabled = false
      this.#say(reasonOf(failure), true)
    }
  }
}

/** @param {HTMLElement} list @param {[string, string][]} all */
export function facts(list, all) {
  list.replaceChildren(...all.flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]))
}

/**
 * @template T
 * @param {string} id
 * @param {T[]} all
 * @param {string} none
 * @param {(one: T) => (Node | string)[]} content
 */
export function rows(id, all, none, content) {
  byId(id, HTMLElement).replaceChildren(...(all.length ? all.map((one) => make('li', '', ...content(one))) : [make('li', 'muted', none)]))
}
