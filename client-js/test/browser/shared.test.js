// One connection for the tabs of a user, in a real Chromium: three tabs, and take-overs.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChrome } from './chrome.js'
import { missing, startServer, until } from './harness.js'
import { startSite } from './site.js'

const skip = missing() ?? false
const limits = { skip, timeout: 120_000 }
let server, chrome, site
before(async () => {
  if (skip) return
  server = await startServer()
  site = await startSite()
  chrome = await startChrome()
})
after(async () => {
  await chrome?.stop()
  site?.stop()
  await server?.stop()
})

async function open(user, options = {}) {
  const tab = await chrome.open(`${site.origin}/`)
  await tab.run(async (origin, options) => {
    const { shareTabs } = await import('/shared.js')
    Object.assign(window, { bodies: [], gaps: [], failing: false })
    window.parley = shareTabs(origin, options)
    parley.on('message', ({ body }) => {
      bodies.push(body)
      if (failing) throw new Error('this tab fails')
    })
    parley.on('gap', ({ missed }) => void gaps.push(missed))
  }, server.origin, { user, ...options })
  await tab.until('open', () => parley.status === 'open')
  return tab
}
const three = async (user, options) => [await open(user, options), await open(user, options), await open(user, options)]
const has = (tab, count) => tab.until(`${count} messages`, count => bodies.length >= count, count)
const closeAll = tabs => Promise.all(tabs.map(tab => tab.close()))

test('three tabs are one session, and each gets every message', limits, async () => {
  const tabs = await three('one')
  assert.equal(await server.online('one'), 1)
  assert.equal((await server.publish({ userId: 'one', message: 'to all tabs', wait: '10s' })).acked, 1)
  for (const tab of tabs) {
    await has(tab, 1)
    assert.deepEqual(await tab.run(() => bodies), ['to all tabs'])
  }
  await closeAll(tabs)
  await until('gone', async () => (await server.online('one')) === 0)
})

test('a message counts as handled when it is in every tab; a tab that closes holds nobody up', limits, async () => {
  const [leader, second, third] = await three('acks')
  await third.run(() => void (window.failing = true))
  assert.equal((await server.publish({ userId: 'acks', message: 'one tab fails', wait: '10s' })).acked, 0)
  await third.run(() => void (window.failing = false))
  assert.equal((await server.publish({ userId: 'acks', message: 'none fails', wait: '10s' })).acked, 1)

  await third.run(() => void parley.on('flag:slow', () => new Promise(() => {})))
  const receipt = server.publish({ userId: 'acks', message: 'one tab hangs', flag: 'slow', wait: '30s' })
  await has(third, 3)
  await third.close()
  assert.equal((await receipt).acked, 1)
  await closeAll([leader, second])
})

test('the leader closes while messages come: the others miss nothing, and get nothing twice', limits, async () => {
  const [first, second, third] = await three('takeover', { topics: ['takeover'] })
  const publish = async (from, to) => {
    for (let i = from; i <= to; i++) {
      await server.publish({ userId: 'takeover', message: i })
      await server.publish({ topic: 'takeover', message: -i })
    }
  }
  await publish(1, 20)
  const more = publish(21, 60)
  await first.close()
  await more
  await has(second, 120)
  const again = publish(61, 100)
  await second.close()
  await again
  await has(third, 200)
  const bodies = await third.run(() => bodies)
  const numbers = Array.from({ length: 100 }, (_, i) => i + 1)
  assert.deepEqual(bodies.filter(body => body > 0), numbers)
  assert.deepEqual(bodies.filter(body => body < 0), numbers.map(i => -i))
  assert.deepEqual(await third.run(() => gaps), [])
  assert.equal(await server.online('takeover'), 1)
  assert.equal((await server.publish({ userId: 'takeover', message: 101, wait: '10s' })).acked, 1)
  await third.close()
})

test('a tab that does not lead sends, answers, and has topics of its own, over a take-over too', limits, async () => {
  const [leader, follower] = [await open('topics'), await open('topics', { topics: ['news'] })]
  const online = async () => (await (await fetch(`${server.origin}/socket/online?topic=news`)).json()).online
  await until('subscribed', async () => (await online()) === 1)
  assert.equal((await follower.run(() => parley.send({ to: 'nobody', body: 1 }))).online, 0)
  assert.equal(await follower.run(() => parley.send({ to: 'a/b', body: 1 }).catch(({ code }) => code)), 'bad_reception')
  await follower.run(() => void parley.on('ask', ({ body }) => `${body}?`))
  assert.equal(await (await fetch(`${server.origin}/socket/ask?userId=topics&message=who`)).text(), 'who?')

  await server.publish({ topic: 'news', message: 'first' })
  await has(follower, 1)
  assert.deepEqual(await leader.run(() => bodies), [], 'it did not ask for this topic')
  await leader.close()
  await until('the follower leads', async () => (await online()) === 1)
  await server.publish({ topic: 'news', message: 'second' })
  await has(follower, 2)
  assert.deepEqual(await follower.run(() => bodies), ['first', 'second'])
  await follower.close()
})

test('a tab that comes late has no past; one that was left and comes back is told of a gap', limits, async () => {
  const [leader, second] = [await open('late'), await open('late')]
  await server.publish({ userId: 'late', message: 'one', wait: '10s' })
  const late = await open('late')
  await second.go(`${site.origin}/other`)
  assert.equal((await server.publish({ userId: 'late', message: 'two', wait: '10s' })).acked, 1)
  await second.run(() => history.back())
  await second.until('told of the gap', () => gaps.length)
  assert.deepEqual(await second.run(() => [bodies, gaps]), [['one'], [null]])
  assert.equal((await server.publish({ userId: 'late', message: 'three', wait: '10s' })).acked, 1)
  assert.deepEqual(await late.run(() => bodies), ['two', 'three'])
  assert.deepEqual(await second.run(() => bodies), ['one', 'three'])
  await closeAll([leader, second, late])
})
