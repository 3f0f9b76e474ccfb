// @ts-check
// The operator's page: figures that the server tells once a second, tables that are asked for page by page.
import { byId, plural } from '../dom.js'
import { keepKey } from '../key.js'
import { Channels } from './channels.js'
import { Charts } from './charts.js'
import { EventList } from './events.js'
import { Feed } from './feed.js'
import { bytes, count, Meter, span, within } from './figures.js'
import { Sessions } from './sessions.js'
import { TraceDialog } from './trace.js'
import { UserDialog } from './user.js'

const key = keepKey(byId('key', HTMLInputElement))
const keyForm = byId('key-form', HTMLFormElement)
const bar = byId('status-bar', HTMLElement)
const status = byId('status', HTMLElement)

const trace = new TraceDialog(key)
const user = new UserDialog(key, (id) => trace.show(id))
const sessions = new Sessions(key, (name) => user.show(name))
const channels = new Channels(key, (name) => user.show(name))
const events = new EventList((name) => user.show(name))
const charts = new Charts()
const meter = new Meter()

const feed = new Feed(key, {
  stats(stats) {
    const { rates, acks } = meter.add(stats)
    showTiles(stats, rates, acks)
    charts.add(stats, rates, acks)
    events.fates(stats.recent)
  },
  event: (message) => events.event(message),
  status: showStatus,
})

keyForm.addEventListener('submit', (event) => {
  event.preventDefault()
  start()
})
byId('look-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  user.show(byId('look-user', HTMLInputElement).value.trim())
})
byId('trace-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  trace.show(byId('trace-id', HTMLInputElement).value.trim())
})
start()

function start() {
  feed.start()
  sessions.refresh()
  channels.refresh()
}

/** @param {string} state @param {string} reason */
function showStatus(state, reason) {
  bar.dataset.status = state === 'refused' ? 'closed' : state
  const words = /** @type {Record<string, string>} */ ({
    connecting: 'Connecting …', open: 'Live', waiting: `${reason} Trying again.`, refused: reason, paused: 'Paused: the page is hidden',
  })[state]
  if (status.textContent !== words) status.textContent = words
}

/** @param {string} id @param {string} value @param {string} [more] */
function tile(id, value, more) {
  byId(`tile-${id}`, HTMLElement).textContent = value
  if (more !== undefined) byId(`tile-${id}-more`, HTMLElement).textContent = more
}

/**
 * @param {import('./figures.js').Stats} stats
 * @param {import('./figures.js').Rates | null} rates
 * @param {{count: number, p50: number, p99: number} | null} acks
 */
function showTiles({ sessions: all, users, topics, counters, memory, up }, rates, acks) {
  const modes = [[all.v1, 'v1'], [all.plain, 'plain'], [all.stream + all.stream_v1, 'stream']].filter(([some]) => some)
  tile('sessions', count(all.total), modes.map(([some, mode]) => `${count(Number(some))} ${mode}`).join(', '))
  tile('users', count(users), `${plural(topics, 'topic')}, up ${span(up)}`)
  tile('in', rates ? count(rates.published) : '–')
  tile('out', rates ? count(rates.offered) : '–')
  tile('acks', acks ? within(acks.p50) : '–', acks ? `99 % ${within(acks.p99)}; ${count(acks.count)} in 30 s` : 'nobody waited lately')
  tile('slow', count(all.slow), `${count(counters.tooSlow)} cut so far`)
  tile('queue', bytes(all.queue), `largest ${bytes(all.largestQueue)}`)
  const resident = memory.resident === null ? '' : `, ${bytes(memory.resident)} resident`
  tile('memory', bytes(memory.heap), `of ${bytes(memory.heapMax)} heap${resident}`)
  byId('tile-slow', HTMLElement).parentElement?.classList.toggle('warn', all.slow > 0)
}
