// @ts-check
/** The types of the public API. Nothing here runs. */
export {}

/** @typedef {{setTimeout: (run: () => void, ms: number) => any, clearTimeout: (timer: any) => void}} Timers */
/**
 * @typedef {object} Options
 * @property {string | number} user who this is: the last part of the URL
 * @property {string[]} [topics] topics to be in from the first moment; their messages go to `on('message')`
 * @property {string} [token] a JWT, when the server runs with `--auth token`
 * @property {() => string | undefined | Promise<string | undefined>} [getToken] fetches a token: called when there is
 *   none yet, when the server refused the last one (once), and when it expired
 * @property {{getItem(key: string): string | null, setItem(key: string, value: string): void}} [storage] keeps the
 *   positions over a reload: `sessionStorage`, because every tab has its own
 * @property {string} [since] `'now'`: do not start with the inbox, and leave it as it is
 * @property {new (url: string, protocols: string[]) => any} [WebSocket] for Node before 22: the one of the package ws
 * @property {boolean} [autoConnect] true; with false call `connect()`
 * @property {number} [minDelay] 500 ms, the least wait before another attempt
 * @property {number} [maxDelay] 20,000 ms, the longest
 * @property {number} [stableAfter] 5,000 ms after which a connection ends the back-off
 * @property {number} [connectTimeout] 10,000 ms for one attempt: token, handshake, `welcome`
 * @property {number} [maxQueued] 100 sends may wait while there is no connection
 * @property {Timers} [timers] for tests
 * @property {() => number} [random] for tests
 * @property {() => number} [now] ms, for tests
 * @property {EventSource} [events] where `online`, `visibilitychange`, `pageshow` and
 *   `pagehide` come from: the window
 */
/** @typedef {'token' | 'getToken' | 'storage' | 'since'} WithoutDefault */
/**
 * Options with their defaults.
 * @typedef {Required<Omit<Options, WithoutDefault>> & Pick<Options, WithoutDefault>} Settings
 */
/**
 * `idle`: never connected. `connecting`: an attempt is under way. `open`: welcome. `waiting`: for the next attempt.
 * `suspended`: down until `resume()`. `closed`: down, by `close()` or because the server said so.
 * @typedef {'idle' | 'connecting' | 'open' | 'waiting' | 'suspended' | 'closed'} Status
 */
/**
 * `code` and `reason` tell how the line before ended, `delay` in how many ms the next attempt comes.
 * @typedef {{status: Status, previous: Status, code?: number, reason?: string, delay?: number}} StatusChange
 */
/**
 * @typedef {{addEventListener?(type: string, listener: (event: any) => void): void,
 *   removeEventListener?(type: string, listener: (event: any) => void): void,
 *   document?: {visibilityState?: string}}} EventSource a window, or the like
 */
/**
 * @typedef {object} Message
 * @property {string} channel `user:10086`, `topic:news` or `everyone`
 * @property {string} [position] where it stands in the channel; none when it is not kept at all (`ttl=0`)
 * @property {string} id
 * @property {number} time ms since 1970
 * @property {string} [sender]
 * @property {string} [reception] whom a client sent it to
 * @property {string} [flag]
 * @property {any} body a string when it was published as text, else any JSON
 * @property {boolean} recovered whether it is history, from before this connection
 */
/**
 * To a user (`to`), a topic, everyone, or as the wire writes it (`reception`); to none of them: to the back ends.
 * @typedef {{to?: string | number, topic?: string, everyone?: boolean, reception?: string, flag?: string,
 *   body: any}} Outgoing
 */
/** @typedef {{topic: string, unsubscribe: () => void}} Subscription */
/**
 * `ref` and `topic` tell what it answers, `cause` is what a handler or `getToken` threw.
 * @typedef {{ref?: string, topic?: string, cause?: unknown}} About
 * @typedef {{code: string, detail: string} & About} Fault
 */
/**
 * @typedef {object} Events
 * @property {Message} message
 * @property {StatusChange} status
 * @property {{channel: string, missed: number | null, position: string}} gap
 * @property {Fault} error
 * @property {{body: any, flag?: string}} ask
 * @property {{session: string, user: string, heartbeat: number, channels: Record<string, import('./protocol.js').Standing>}} welcome
 */
/** @typedef {keyof Events | `flag:${string}`} EventName */
/**
 * @template {EventName} E
 * @typedef {E extends keyof Events ? Events[E] : Message} EventOf
 */
