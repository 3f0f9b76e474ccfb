// @ts-check
// The test page: one connection as one user at a time, and the panels around it. The address holds what a reload
// needs: ?user=10086&topic=news.
import { Parley } from '/client/index.js'
import { Asks } from './asks.js'
import { byId, plural, reasonOf } from './dom.js'
import { kept } from './key.js'
import { LiveLog } from './log.js'
import { watchOnline } from './online.js'
import { setUpPublish } from './publish.js'
import { setUpSend } from './send.js'
import { StatusBar } from './status.js'
import { Topics } from './topics.js'

const REMEMBERED = 'parley.user'
const TOKEN = 'parley.token'
/** Close codes that a token helps against. */
const TOKEN_CODES = [4001, 4110]
/** Attempts in a row after which the page looks why no line opens: the first may fall into a restart. */
const LOOK_AFTER = 2
const address = new URL(location.href)

const connectForm = byId('connect-form', HTMLFormElement)
const userField = byId('user', HTMLInputElement)
const tokenField = byId('token', HTMLInputElement)
const connectButton = byId('connect', HTMLButtonElement)
const cutButton = byId('cut', HTMLButtonElement)
const otherTab = byId('other-tab', HTMLAnchorElement)

/** @type {Parley | null} */
let parley = null
/** Whom `parley` connects; '' before the first. */
let user = ''
/** With which token. */
let token = ''

const log = new LiveLog()
const asks = new Asks(log)
const statusBar = new StatusBar()
const topics = new Topics(address.searchParams.getAll('topic'), rememberInAddress)
const publish = setUpPublish()
const send = setUpSend(log, () => parley)
const online = watchOnline({ key: publish.key, me: () => user, pick: send.to })

connectForm.addEventListener('submit', (event) => {
  event.preventDefault()
  connect(userField.value)
})
userField.addEventListener('input', showUser)
tokenField.addEventListener('input', showUser)
cutButton.addEventListener('click', () => {
  if (!parley) return
  if (parley.status === 'suspended') parley.resume()
  else parley.suspend()
})

userField.value = address.searchParams.get('user') ?? remembered() ?? '10086'
tokenField.value = kept(TOKEN)
showToken(tokenField.value !== '')
publish.suggestUser(userField.value)
if (address.searchParams.get('user')) connect(userField.value)
showUser()

/**
 * Connects as this user; the connection of another user ends. The same user keeps his place: what was missed comes.
 * @param {string} typed
 */
function connect(typed) {
  const name = typed.trim().normalize()
  if (!name) return
  const shown = tokenField.value.trim()
  if (parley && name === user && shown === token) return parley.connect()
  const previous = parley
  parley = null
  previous?.close()
  asks.clear()
  if (user && user !== name) log.note('info', 'user', `now ${name}`)
  user = name
  token = shown
  kept(TOKEN, token)
  remember(user)
  publish.suggestUser(user)
  try {
    const mine = new Parley('', { user, token: token || undefined, autoConnect: false })
    parley = mine
    listen(mine)
    topics.use(mine)
    mine.connect()
  } catch (failure) {
    parley = null
    log.note('bad', 'error', reasonOf(failure))
    statusBar.show({ status: 'closed', user, reason: reasonOf(failure) })
  }
  rememberInAddress()
}

/**
 * Everything that a connection tells; nothing of a connection that was replaced.
 * @param {Parley} mine
 */
function listen(mine) {
  let vain = 0
  mine.on('message', (message) => {
    if (mine === parley) log.message(message)
  })
  mine.on('status', (change) => {
    if (mine !== parley) return
    statusBar.show({ ...change, user })
    log.note(...statusBar.line(change, user))
    if (change.status !== 'open') asks.clear() // nobody can hear the replies
    if (change.status === 'closed' && TOKEN_CODES.includes(change.code ?? 0)) {
      showToken(true)
      tokenField.focus()
    }
    showUser()
    if (change.status !== 'connecting') online.refresh()
    if (change.status === 'open') vain = 0
    if (change.code === 1006 && change.previous === 'connecting' && ++vain === LOOK_AFTER) void lookWhy(mine)
  })
  mine.on('ask', (question) => (mine === parley ? asks.ask(question) : undefined))
  mine.on('gap', ({ channel, missed, position }) => {
    if (mine !== parley) return
    log.note('warn', 'gap', missed === null
      ? `Messages of ${channel} may be missing: the server no longer knows this place.`
      : `${plural(missed, 'message')} of ${channel} can no longer be had: the server does not keep them so long.`, position)
  })
  mine.on('error', ({ code, detail, ref, topic }) => {
    // What answers a send is told beside the message that was sent.
    if (mine !== parley || ref !== undefined) return
    log.note('bad', 'error', `${topic === undefined ? '' : `topic ${topic}: `}${detail} (${code})`)
    if (topic !== undefined) topics.refused(topic, detail)
  })
}

/** A server that answers while no line opens is behind something that lets no WebSocket through. @param {Parley} mine */
async function lookWhy(mine) {
  const answer = await fetch('health', { cache: 'no-store' }).catch(() => null)
  if (!answer?.ok || mine !== parley || mine.status === 'open') return
  log.note('warn', 'hint', 'The server answers, but no WebSocket gets through: '
    + 'a proxy on the way has to pass the headers Upgrade and Connection on.')
}

/** A server without --auth token asks for none, and so does the page. @param {boolean} wanted */
function showToken(wanted) {
  tokenField.hidden = !wanted
  byId('token-label', HTMLElement).hidden = !wanted
}

function showUser() {
  const typed = userField.value.trim().normalize()
  const status = parley?.status ?? 'idle'
  const running = status !== 'closed' && status !== 'idle'
  const same = typed === user && tokenField.value.trim() === token
  connectButton.textContent = !running ? 'Connect' : same && status === 'waiting' ? 'Try now' : 'Switch'
  connectButton.disabled = running && same && status !== 'waiting'
  cutButton.disabled = !running
  cutButton.textContent = status === 'suspended' ? 'Restore the line' : 'Cut the line'
  cutButton.classList.toggle('warn', status === 'suspended')
  send.enable(running)
  document.title = user ? `${user} · Parley` : 'Parley'

  const other = (user || typed) === '10010' ? '10086' : '10010'
  otherTab.textContent = `Open a tab as ${other}`
  otherTab.href = addressOf(other)
  send.suggest(other)
}

function rememberInAddress() {
  history.replaceState(null, '', addressOf(user))
  showUser()
}

/** This page, as this user and with the topics of this one. @param {string} name */
function addressOf(name) {
  const made = new URL(address.pathname, address.origin)
  if (name) made.searchParams.set('user', name)
  for (const topic of topics.names()) made.searchParams.append('topic', topic)
  return made.href
}

/** @param {string} name */
function remember(name) {
  try {
    localStorage.setItem(REMEMBERED, name)
  } catch {
    // A page without storage works too, it only forgets the name.
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED)
  } catch {
    return null
  }
}
