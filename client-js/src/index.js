// @ts-check
/**
 * The JavaScript client of Parley.
 *
 *     import { Parley } from './index.js'
 *
 *     const parley = new Parley('', { user: '10086', topics: ['news'] })
 *     parley.on('message', message => console.log(message.channel, message.body))
 *     await parley.send({ to: '10010', body: 'hello' })
 *
 * README.md has every option, method and event.
 */
export { Parley } from './parley.js'
export { ParleyError } from './protocol.js'

/** @typedef {import('./types.js').Options} Options */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Outgoing} Outgoing */
/** @typedef {import('./types.js').Subscription} Subscription */
/** @typedef {import('./types.js').Events} Events */
/** @typedef {import('./types.js').Fault} Fault */
/** @typedef {import('./types.js').Status} Status */
/** @typedef {import('./types.js').StatusChange} StatusChange */
