// @ts-check
// Sending as a client does: to a user, a topic, everyone, or to the back ends.
import { byId, plural, reasonOf } from './dom.js'

const BACK_ENDS = 'the back ends'

/** @typedef {{to?: string, topic?: string, everyone?: boolean, flag?: string, body: unknown}} Outgoing */
/** @typedef {{status: string, send: (message: Outgoing) => Promise<{id: string, online: number}>}} Sender */

/**
 * @param {import('./log.js').LiveLog} log
 * @param {() => Sender | null} connection
 * @returns {{to: (user: string) => void, suggest: (user: string) => void, enable: (on: boolean) => void}}
 */
export function setUpSend(log, connection) {
  const form = byId('send-form', HTMLFormElement)
  const kind = byId('send-kind', HTMLSelectElement)
  const to = byId('send-to', HTMLInputElement)
  const toField = byId('send-to-field', HTMLElement)
  const toLabel = byId('send-to-label', HTMLElement)
  const flag = byId('send-flag', HTMLInputElement)
  const body = byId('send-body', HTMLTextAreaElement)
  const button = byId('send', HTMLButtonElement)
  const note = byId('send-note', HTMLElement)
  let suggested = ''

  kind.addEventListener('change', () => {
    to.value = to.dataset[kind.value] ?? (kind.value === 'topic' ? 'news' : suggested)
    showKind()
  })
  to.addEventListener('input', () => {
    to.dataset[kind.value] = to.value
  })
  body.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  showKind()

  function showKind() {
    const named = kind.value === 'user' || kind.value === 'topic'
    toField.hidden = !named
    to.required = named
    toLabel.textContent = kind.value === 'topic' ? 'Topic' : 'User'
    if (kind.value === 'user') to.setAttribute('list', 'known-users')
    else to.removeAttribute('list')
  }

  async function submit() {
    const parley = connection()
    const text = body.value
    if (!text) return
    note.className = 'note'
    if (!parley) {
      note.textContent = 'Connect first.'
      return
    }
    const target = to.value.trim()
    const { message, name } = outgoing(target, text)
    body.value = ''
    body.focus()
    note.textContent = parley.status === 'open' ? '' : `Waits for the line, then goes to ${name}.`
    try {
      const { online } = await parley.send(message)
      const there = name === BACK_ENDS ? '' : online ? ` · ${plural(online, 'session')} there` : ' · nobody there now'
      note.textContent = `Sent to ${name}${there}`
      log.note('out', 'sent', `to ${name}${message.flag ? ` [${message.flag}]` : ''}: ${text}`)
    } catch (failure) {
      note.className = 'note bad'
      note.textContent = `Not sent to ${name}: ${reasonOf(failure)}`
      log.note('bad', 'not sent', `to ${name}: ${reasonOf(failure)}`)
      if (!body.value) body.value = text
    }
  }

  /** @param {string} target @param {string} text @returns {{message: Outgoing, name: string}} */
  function outgoing(target, text) {
    const common = { ...(flag.value.trim() && { flag: flag.value.trim() }), body: text }
    switch (kind.value) {
      case 'user': return { message: { to: target, ...common }, name: target }
      case 'topic': return { message: { topic: target, ...common }, name: `topic ${target}` }
      case 'everyone': return { message: { everyone: true, ...common }, name: 'everyone' }
      default: return { message: common, name: BACK_ENDS }
    }
  }

  return {
    to(user) {
      kind.value = 'user'
      showKind()
      to.value = to.dataset.user = user
      body.focus()
    },
    /** Whom to send to, as long as nobody else was named. */
    suggest(user) {
      if (kind.value === 'user' && (to.value === '' || to.value === suggested)) to.value = user
      suggested = user
    },
    enable(on) {
      button.disabled = !on
    },
  }
}
