// @ts-check
// Publishing as a back end does: the form, the curl line that equals it, and the receipt.
import { publishRequest } from './curl.js'
import { byId, make, plural } from './dom.js'

const KEY = 'parley.key'
/** Milliseconds that the copy button says so. */
const COPIED_FOR = 1500

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
  const [flag, ttl, collapse, key] = ['publish-flag', 'publish-ttl', 'publish-collapse', 'key'].map((id) => byId(id, HTMLInputElement))
  const keyDetails = byId('key-details', HTMLDetailsElement)
  const button = byId('publish', HTMLButtonElement)
  const curl = byId('curl', HTMLElement)
  const copy = byId('copy-curl', HTMLButtonElement)
  const endpoint = new URL('socket/publish', document.baseURI).href
  let suggested = ''

  key.value = session(KEY)
  keyDetails.open = key.value !== ''
  form.addEventListener('input', show)
  kind.addEventListener('change', () => {
    to.value = kind.value === 'topic' ? (to.dataset.topic ?? 'news') : (to.dataset.user ?? suggested)
    show()
  })
  to.addEventListener('input', () => {
    to.dataset[kind.value] = to.value
  })
  key.addEventListener('change', () => session(KEY, key.value.trim()))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void publish()
  })
  message.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  })
  copy.addEventListener('click', () => void copyLine())
  show()

  function request() {
    const named = kind.value === 'user' ? to.value.split(';') : [to.value]
    return publishRequest({
      kind: /** @type {'user' | 'topic' | 'everyone'} */ (kind.value),
      targets: named.map((name) => name.trim()).filter(Boolean),
      message: message.value,
      json: json.checked,
      flag: flag.value.trim(),
      ttl: ttl.value.trim(),
      collapse: collapse.value.trim(),
    }, endpoint, key.value.trim())
  }

  function show() {
    toField.hidden = kind.value === 'everyone'
    to.required = kind.value !== 'everyone'
    toLabel.textContent = kind.value === 'topic' ? 'Topic' : 'User'
    toHint.hidden = kind.value !== 'user'
    if (kind.value === 'user') to.setAttribute('list', 'known-users')
    else to.removeAttribute('list')
    const wrong = json.checked ? jsonError(message.value) : ''
    message.setCustomValidity(wrong)
    hint.className = wrong ? 'note bad' : 'note'
    hint.textContent = wrong || (!json.checked && looksLikeJson(message.value) ? 'This goes out as text. Choose JSON to send it as JSON.' : '')
    curl.textContent = request().curl
  }

  async function publish() {
    const { url, method, headers, body } = request()
    button.disabled = true
    const from = performance.now()
    try {
      const answer = await fetch(url, { method, headers, body, cache: 'no-store' })
      const text = await answer.text()
      if (answer.status === 401) keyDetails.open = true
      showReceipt(answer, text, Math.round(performance.now() - from))
    } catch (failure) {
      const detail = failure instanceof Error ? failure.message : String(failure)
      showBlocks(block('bad', 'The server did not answer', '', detail, []))
    } finally {
      button.disabled = false
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
    key: () => key.value.trim(),
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
  if (acked !== undefined) facts.push(['acked', String(acked)])
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

/** This tab's storage, where there is one. @param {string} name @param {string} [value] to keep */
function session(name, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(name) ?? ''
    sessionStorage.setItem(name, value)
  } catch {
    // Without storage it lasts until the page is left.
  }
  return ''
}
