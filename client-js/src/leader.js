// @ts-check
import { Parley } from './parley.js'

/** What a message is rejected with that a tab did not handle: the tab itself has told why. */
const NOT_HANDLED = new Error('a tab did not handle it')

/**
 * What a tab says to the leader, with its own `tab` id.
 * @typedef {{type: 'join', tab: string, topics: string[]}
 *   | {type: 'send', tab: string, ref: number, message: import('./types.js').Outgoing}
 *   | {type: 'done', tab: string, of: string, result: Result}
 *   | {type: 'connect', tab: string}} ToLeader
 */
/**
 * What the leader says: to one tab, when it is named, else to all.
 * @typedef {{type: 'lead'}
 *   | {type: 'joined', tab: string, positions: Record<string, string>, status: import('./types.js').Status}
 *   | {type: 'event', name: keyof import('./types.js').Events, value: any, of?: string}
 *   | {type: 'forget', channel: string}
 *   | {type: 'sent', tab: string, ref: number, sent?: import('./sends.js').Sent, error?: {code: string, detail: string}}
 * } ToTabs
 */
/**
 * What became of a message or a question in one tab: whether it had a handler, whether one failed, what was replied.
 * @typedef {{heard: boolean, failed: boolean, value?: unknown}} Result
 */
/** @typedef {ReturnType<typeof createLeader>} Leader */

/**
 * The one tab that has the connection: hands what comes to all tabs, and counts a message as handled when it is so in
 * each of them. Knows of a tab's end by the lock that the tab holds as long as it lives.
 *
 * @param {object} setting
 * @param {string} setting.name of the locks
 * @param {string} setting.url
 * @param {import('./types.js').Options} setting.options
 * @param {() => Record<string, string>} setting.handled up to where this tab has handled each channel: there the line goes on
 * @param {(message: ToTabs) => void} setting.post to all tabs, this one too
 */
export function createLeader({ name, url, options, handled, post }) {
  const id = crypto.randomUUID()
  const end = new AbortController()
  /** The subscriptions of each tab, by topic. @type {Map<string, Map<string, import('./types.js').Subscription>>} */
  const tabs = new Map()
  /** Messages and questions that some tabs have not finished. @type {Map<string, {open: Set<string>, take: (result?: Result) => void}>} */
  const under = new Map()
  let count = 0

  const parley = new Parley(url, {
    ...options,
    topics: [],
    autoConnect: false,
    storage: {
      getItem: key => (Object.keys(handled()).length ? JSON.stringify(handled()) : options.storage?.getItem(key) ?? null),
      setItem: (key, value) => options.storage?.setItem(key, value),
    },
  })

  /** @param {string} tab */
  function watch(tab) {
    if (tabs.has(tab)) return
    tabs.set(tab, new Map())
    navigator.locks.request(`${name} ${tab}`, { signal: end.signal }, () => left(tab)).catch(() => {}) // aborted
  }

  /** @param {string} tab */
  function left(tab) {
    const topics = tabs.get(tab) ?? new Map()
    tabs.delete(tab)
    for (const topic of topics.keys()) drop(topics, topic)
    for (const of of under.keys()) finish(of, tab)
  }

  /**
   * @param {Map<string, import('./types.js').Subscription>} topics of a tab
   * @param {string} topic
   */
  function drop(topics, topic) {
    topics.get(topic)?.unsubscribe()
    topics.delete(topic)
    if (![...tabs.values()].some(others => others.has(topic))) post({ type: 'forget', channel: `topic:${topic}` })
  }

  /**
   * @param {string} tab
   * @param {string[]} wanted all of its topics
   */
  function join(tab, wanted) {
    watch(tab)
    const topics = /** @type {Map<string, import('./types.js').Subscription>} */ (tabs.get(tab))
    for (const topic of wanted) if (!topics.has(topic)) topics.set(topic, parley.subscribe(topic))
    for (const topic of topics.keys()) if (!wanted.includes(topic)) drop(topics, topic)
    post({ type: 'joined', tab, positions: handled(), status: parley.status })
  }

  /**
   * Hands something to all tabs.
   * @param {'message' | 'ask'} event
   * @param {unknown} value
   * @returns {Promise<Result[]>} of all tabs that lived to tell; of an `ask`, up to the first reply
   */
  function hand(event, value) {
    return new Promise(resolve => {
      const of = `${id} ${++count}`
      /** @type {Result[]} */
      const results = []
      const open = new Set(tabs.keys())
      under.set(of, {
        open,
        take(result) {
          if (result) results.push(result)
          if (open.size && result?.value === undefined) return
          under.delete(of)
          resolve(results)
        },
      })
      post({ type: 'event', name: event, value, of })
    })
  }

  /**
   * @param {string} of
   * @param {string} tab
   * @param {Result} [result] none when the tab is gone
   */
  function finish(of, tab, result) {
    const entry = under.get(of)
    if (entry?.open.delete(tab)) entry.take(result)
  }

  /** @param {ToLeader & {type: 'send'}} asked */
  function send({ tab, ref, message }) {
    parley.send(message).then(
      sent => post({ type: 'sent', tab, ref, sent }),
      ({ code, message: detail }) => post({ type: 'sent', tab, ref, error: { code, detail } }),
    )
  }

  for (const event of /** @type {const} */ (['status', 'welcome', 'gap'])) {
    parley.on(event, value => post({ type: 'event', name: event, value }))
  }
  parley.on('error', ({ cause, ...fault }) => {
    if (cause === NOT_HANDLED || fault.ref !== undefined) return // the tab that it concerns knows
    post({ type: 'event', name: 'error', value: cause === undefined ? fault : { ...fault, cause: String(cause) } })
  })
  parley.on('message', async message => {
    const results = await hand('message', message)
    if (results.some(({ failed }) => failed) || !results.some(({ heard }) => heard)) throw NOT_HANDLED
  })
  parley.on('ask', async question => (await hand('ask', question)).find(({ value }) => value !== undefined)?.value)

  return {
    /** Finds the tabs that are there, tells them, and connects. */
    async start() {
      const { held = [] } = await navigator.locks.query()
      if (end.signal.aborted) return
      for (const lock of held) if (lock.name?.startsWith(`${name} `)) watch(lock.name.slice(name.length + 1))
      parley.connect()
      post({ type: 'lead' })
    },

    /** @param {ToLeader} said */
    take(said) {
      if (said.type === 'join') join(said.tab, said.topics)
      else if (said.type === 'send') send(said)
      else if (said.type === 'done') finish(said.of, said.tab, said.result)
      else if (said.type === 'connect') parley.connect()
    },

    close() {
      end.abort()
      parley.close()
    },
  }
}
