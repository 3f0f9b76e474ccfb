// @ts-check
/** Not run: the type checker reads it, against the types that were built. */
import { Parley, ParleyError } from 'parley-client'
import { shareTabs } from 'parley-client/shared'

/** @type {import('parley-client').Options} */
const options = { user: '42', topics: ['news'] }
const parley = new Parley('', options)
parley.on('message', ({ channel, body }) => [channel.length, body])
// @ts-expect-error there is no such event
parley.on('mesage', () => {})
parley.send({ to: '7', body: 1 }).then(({ online }) => online + 1, error => error instanceof ParleyError && error.code)
shareTabs('', options).on('message', ({ body }) => body)
