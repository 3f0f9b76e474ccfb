// Tokens that are refused, in a real Chromium, and topics that one does not cover.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, missing, run, startServer, until } from './harness.js'

const skip = missing()
const SECRET = 'the secret of the tokens of this test'
const makeToken = (...words) => run('token', '--token-secret', SECRET, ...words)

let server, browser, page
before(async () => {
  if (skip) return
  server = await startServer(0, '--auth', 'token', '--token-secret', SECRET)
  browser = await launch()
  page = await browser.newPage()
  await page.goto(server.origin)
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

/** A client in the page whose tokens come out of `tokens`; what happens to it is in `events`. */
async function connect(options) {
  await page.evaluate(async ({ tokens, ...options }) => {
    const { Parley } = await import('/client/index.js')
    window.events = []
    const parley = new Parley('', { ...options, getToken: async () => (events.push('token'), tokens.shift()) })
    parley.on('status', ({ status, code }) => events.push(`${status} ${code ?? ''}`.trim()))
    parley.on('message', ({ body }) => events.push(body))
    parley.on('error', ({ code }) => events.push(`error ${code}`))
    window.parley = parley
  }, options)
}

const happened = what => until(`${what} happens`, async () => (await page.evaluate('events')).includes(what))

test('a token opens its topics and no other', { skip }, async () => {
  await connect({ user: '42', topics: ['news.sport', 'secret'], tokens: [await makeToken('--user', '42', '--topics', 'news.*')] })
  await happened('error forbidden')
  assert.equal((await server.publish({ topic: 'secret', message: 'for others' })).online, 0)
  await server.publish({ topic: 'news.sport', message: 'for all' })
  await happened('for all')
  await page.evaluate('parley.close()')
})

test('a token of somebody else is refused for good, a bad one after one more try', { skip }, async () => {
  const other = await makeToken('--user', '43')
  await connect({ user: '42', tokens: [other] })
  await happened('closed 4003')
  await connect({ user: '42', tokens: ['eyJh.bad.token', `${other}x`, other] })
  await happened('closed 4001')
  assert.equal((await page.evaluate('events')).filter(event => event === 'token').length, 2)
  assert.ok(!server.log.some(line => line.includes('eyJ')), `a token in the log:\n${server.log.join('\n')}`)
})
