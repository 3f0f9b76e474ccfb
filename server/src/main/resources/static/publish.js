// @ts-check
// Publishing and asking as a back end does: the form, the curl line that equals it, and the receipt or reply.
import { publishRequest } from './curl.js'
import { byId, make, plural } from './dom.js'
import { keepKey } from './key.js'

/** Milliseconds that the copy button says so. */
const COPIED_FOR = 1500

const PUBLISHING = 'Wait 2s: the receipt counts the clients whose handlers have returned. Keep for 30s, 5m, 7d, or 0: only who is '
  + 'online now gets it. Collapse: a newer message of this name replaces the one that still waits for a slow client.'
const ASKING = 'All pages of the user are asked, and the first reply comes back here. This page puts the question to you.'

/** @typedef {{id?: string, channel?: string, position?: string, online?: number, acked?: number, stored?: string, duplicate?: boolean}} Receipt */

/** @returns {{key: () => string, suggestUser: (user: string) => void}} */
export function setUpPublish() {
  const form = byId('publish-form', HTMLFormElement)
  const kind = byId('publish-kind', HTMLSelectElement)
  const to = byId('publish-to', HTMLInputElement)
  const toField = byId('publish-to-field', HTMLElement)
  const toLabel = byId('publish-to-label', HTMLElement)
  const toHint = byId('publish-to-hint', HTMLElement)
  const message = byId('publish-message', HTMLTextAreaElement)
  const json = byId('publish-json', HTMLInputElement)
  const hint = byId('publish-hint', HTMLElement)
  const options = byId('publish-options', HTMLElement)
  const [flag, wait, ttl, collapse] = ['flag', 'wait', 'ttl', 'collapse'].map((id) => byId(`publish-${id}`, HTMLInputElement))
  const asking = byId('what-ask', HTMLInputElement)
  const key = keepKey(byId('key', HTMLInputElement))
  const keyDetails = byId('key-details', HTMLDetailsElement)
  const keyState = byId('key-state', HTMLElement)
  const button = byId('publish', HTMLButtonElement)
  const curl = byId('curl', HTMLElement)
  const copy = byId('copy-curl', HTMLButtonElement)
  let suggested = ''

  keyDetails.open = key() !== ''
  form.addEventListener('input', show)
  kind.addEventListener('change', () => {
    to.value = kind.value === 'topic' ? (to.dataset.topic ?? 'news') : (to.dataset.user ?? suggested)
    show()
  })
  to.addEventListener('input', () => {
    to.dataset[kind.value] = to.value
  })
  for (const what of ['what-publish', 'what-ask']) byId(what, HTMLInputElement).addEventListener('change', show)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void publish()
  })
  message.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  })
  copy.addEventListener('click', () => void copyLine())
  show()

  /** Whom it is for: a question is for one user. @returns {'user' | 'topic' | 'everyone'} */
  function target() {
    return asking.checked ? 'user' : /** @type {'user' | 'topic' | 'everyone'} */ (kind.value)
  }

  function request() {
    const named = target() === 'user' && !asking.checked ? to.value.split(';') : [to.value]
    const endpoint = new URL(asking.checked ? 'socket/ask' : 'socket/publish', document.baseURI).href
    return publishRequest({
      kind: target(),
      targets: named.map((name) => name.trim()).filter(Boolean),
      message: message.value,
      json: json.checked,
      flag: flag.value.trim(),
      wait: wait.value.trim(),
      ...(!asking.checked && { ttl: ttl.value.trim(), collapse: collapse.value.trim() }),
    }, endpoint, key())
  }

  function show() {
    const whom = target()
    for (const id of ['kind', 'ttl', 'collapse']) byId(`publish-${id}-field`, HTMLElement).hidden = asking.checked
    options.textContent = asking.checked ? ASKING : PUBLISHING
    wait.placeholder = asking.checked ? '5s' : 'no'
    button.textContent = asking.checked ? 'Ask' : 'Publish'
    toField.hidden = whom === 'everyone'
    to.required = whom !== 'everyone'
    toLabel.textContent = whom === 'topic' ? 'Topic' : 'User'
    toHint.hidden = whom !== 'user' || asking.checked
    if (whom === 'user') to.setAttribute('list', 'known-users')
    else to.removeAttribute('list')
    const wrong = json.checked ? jsonError(message.value) : ''
    message.setCustomValidity(wrong)
    hint.className = wrong ? 'note bad' : 'note'
    hint.textContent = wrong || (!json.checked && looksLikeJson(message.value) ? 'This goes out as text. Choose JSON to send it as JSON.' : '')
    curl.textContent = request().curl
  }

  async function publish() {
    const { url, method, headers, body } = request()
    if (button.ariaDisabled === 'true') return
    button.ariaDisabled = 'true' // not `disabled`: that would take the keyboard's focus away
    button.textContent = asking.checked || wait.value ? 'Waiting …' : 'Publishing …'
    const asked = asking.checked
    showBlocks()
    const from = performance.now()
    try {
      const answer = await fetch(url, { method, headers, body, cache: 'no-store' })
      const text = await answer.text()
      if (answer.status === 401) {
        keyDetails.open = true
        keyState.textContent = key() ? 'the server does not know this one' : 'the server wants one'
      } else if (key()) {
        keyState.textContent = ''
      }
      const millis = Math.round(performance.now() - from)
      if (asked && answer.ok) showBlocks(replyBlock(text, `${answer.status} · ${millis} ms`))
      else showReceipt(answer, text, millis)
    } catch {
      // A browser does not tell a page why.
      showBlocks(block('bad', 'No answer', '', `Nothing answers at ${new URL(url).origin}, or the line broke.`, []))
    } finally {
      button.ariaDisabled = 'false'
      show()
    }
  }

  async function copyLine() {
    const said = byId('copy-note', HTMLElement)
    const label = /** @type {Text} */ (copy.firstChild)
    let done = true
    try {
      await navigator.clipboard.writeText(curl.textContent ?? '')
    } catch {
      // Without https the clipboard is closed: the line is selected, and the keyboard copies it.
      done = false
      getSelection()?.selectAllChildren(curl)
    }
    label.data = done ? 'Copied' : 'Press Ctrl+C'
    said.textContent = done ? 'Copied' : 'Selected, press Ctrl+C'
    window.setTimeout(() => {
      label.data = 'Copy'
      said.textContent = ''
    }, COPIED_FOR)
  }

  return {
    key,
    suggestUser(user) {
      if (kind.value === 'user' && (to.value === '' || to.value === suggested)) to.value = user
      suggested = user
      show()
    },
  }
}

/** @param {Response} answer @param {string} text @param {number} millis */
function showReceipt(answer, text, millis) {
  const status = `${answer.status} · ${millis} ms`
  /** @type {any} */
  let told
  try {
    told = JSON.parse(text)
  } catch {
    return showBlocks(block(answer.ok ? 'good' : 'bad', 'No receipt', status, text.slice(0, 500), []))
  }
  if (answer.ok) showBlocks(...[told].flat().map((/** @type {Receipt} */ receipt) => receiptBlock(receipt, status)))
  else showBlocks(block('bad', told.title ?? 'Refused', status, told.detail ?? '', []))
}

/** What a page replied, as it came. @param {string} text @param {string} status */
function replyBlock(text, status) {
  const made = block('good', 'The reply', status, '', [])
  const reply = make('pre', 'reply', text)
  reply.dir = 'auto'
  made.append(reply)
  return made
}

/** @param {Receipt} receipt @param {string} status */
function receiptBlock(receipt, status) {
  const { channel = '', online = 0, acked, stored, position } = receipt
  const kept = stored !== 'no'
  const there = online > 0
    ? `${plural(online, 'session was', 'sessions were')} there`
    : channel.startsWith('user:') && kept ? 'Nobody there: it waits in the inbox' : 'Nobody there'
  /** @type {[string, string][]} */
  const facts = [['channel', channel], ['position', position ?? 'none'], ['id', receipt.id ?? '']]
  facts.push(['stored', stored === 'disk' ? 'on disk' : stored === 'memory' ? 'in memory' : (stored ?? '')])
  if (acked !== undefined) facts.unshift(['acked', `by ${plural(acked, 'session')}`])
  if (receipt.duplicate) facts.push(['duplicate', 'yes: published before under this idempotency key'])
  return block(online > 0 ? 'good' : 'wait', there, status, '', facts)
}

/** @param {'good' | 'wait' | 'bad'} tone @param {string} title @param {string} status @param {string} detail @param {[string, string][]} facts */
function block(tone, title, status, detail, facts) {
  const made = make('div', `receipt ${tone}`, make('p', 'receipt-title', make('span', '', title), make('small', '', status)))
  if (detail) made.append(make('p', 'receipt-detail', detail))
  const list = make('dl', '')
  for (const [name, value] of facts) {
    const said = make('dd', '', value)
    said.dataset.fact = name
    list.append(make('dt', '', name), said)
  }
  if (facts.length) made.append(list)
  return made
}

/** @param {...HTMLElement} blocks */
function showBlocks(...blocks) {
  const place = byId('receipt', HTMLElement)
  place.replaceChildren(...blocks)
  place.scrollIntoView({ block: 'nearest' })
}

/** @param {string} text */
function jsonError(text) {
  try {
    JSON.parse(text)
    return ''
  } catch (failure) {
    return text.trim() ? `Not JSON yet: ${failure instanceof Error ? failure.message : failure}` : 'Not JSON yet: it is empty'
  }
}

/** @param {string} text */
function looksLikeJson(text) {
  return /^\s*[[{]/.test(text) && jsonError(text) === ''
}
