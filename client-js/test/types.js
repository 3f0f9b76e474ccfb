// @ts-check
/** Not run: the type checker reads it, as a user's code would be. */
import { Parley, ParleyError } from '../src/index.js'

const parley = new Parley('', {
  user: '42',
  topics: ['news'],
  getToken: async () => 'token',
  storage: sessionStorage,
  WebSocket,
})

/** @type {() => void} */
const off = parley.on('message', message => {
  /** @type {string} */
  const channel = message.channel
  /** @type {string | undefined} */
  const position = message.position
  /** @type {boolean} */
  const recovered = message.recovered
  // @ts-expect-error there is no such member
  message.payload
  return [channel, position, recovered]
})
off()
parley.on('flag:command', ({ body }) => body.anything)
parley.on('ask', async ({ body, flag }) => ({ body, flag }))
parley.on('gap', ({ channel, missed }) => [channel, missed === null ? 'unknown' : missed + 1])
parley.on('status', ({ status, previous, delay = 0 }) => {
  // @ts-expect-error there is no such status
  if (status === 'connected') return
  return [previous, delay + 1]
})
parley.on('error', ({ code, detail, ref, cause }) => console.error(code, detail, ref, cause))
parley.on('welcome', ({ session, user, channels }) => [session, user, channels['user:42'].newest])
// @ts-expect-error there is no such event
parley.on('mesage', () => {})

parley.subscribe('news', message => message.body).unsubscribe()
parley.send({ to: 42, body: { any: 'thing' } }).then(
  ({ id, online }) => [id, online + 1],
  error => error instanceof ParleyError && error.code,
)
// @ts-expect-error the body is missing
parley.send({ to: '42' })
// @ts-expect-error the user is missing
new Parley('', {})
// @ts-expect-error the state is told, not set
parley.status = 'open'
