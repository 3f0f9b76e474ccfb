import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { backoff } from '../src/backoff.js'
import { CLIENT_MEMBERS } from './harness.js'
import { afterClose, decode, encode, parsePosition } from '../src/protocol.js'

const fixtures = name =>
  JSON.parse(readFileSync(new URL(`../../server/src/test/resources/wire/${name}.json`, import.meta.url), 'utf8'))

const SERVER_TYPES = [
  'welcome', 'message', 'subscribed', 'unsubscribed', 'gap', 'sent', 'error', 'ask', 'ping', 'pong', 'reconnect',
]
const ERRORS = [
  'unknown_type', 'bad_frame', 'bad_ack', 'bad_position', 'bad_topic', 'bad_reception', 'not_subscribed',
  'too_many_topics', 'too_large', 'forbidden', 'unavailable',
]

test('every client frame is encoded to the exact text', () => {
  const valid = fixtures('client-frames').filter(fixture => !fixture.error)
  assert.deepEqual([...new Set(valid.map(fixture => fixture.frame.type))].sort(), Object.keys(CLIENT_MEMBERS).sort())
  for (const { name, text, frame } of valid) {
    assert.equal(encode(frame), text, name)
    const members = CLIENT_MEMBERS[frame.type].filter(member => member in frame)
    assert.deepEqual(Object.keys(frame), ['type', ...members], `${name}: the order that the harness checks`)
  }
})

test('undefined members are left out', () => {
  assert.equal(encode({ type: 'subscribe', topic: 'a', since: undefined }), '{"type":"subscribe","topic":"a"}')
})

test('every server text is decoded', () => {
  const all = fixtures('server-frames')
  assert.deepEqual([...new Set(all.map(fixture => fixture.frame.type))].sort(), [...SERVER_TYPES].sort())
  for (const { name, text, frame } of all) assert.deepEqual(decode(text), frame, name)
})

test('the fixtures are consistent: names are unique, texts compact, error codes of the closed list', () => {
  for (const file of ['client-frames', 'server-frames']) {
    const all = fixtures(file)
    assert.equal(new Set(all.map(fixture => fixture.name)).size, all.length, file)
    for (const { name, text, frame, error } of all) {
      if (error) assert.ok(file === 'client-frames' && !frame && ERRORS.includes(error), name)
      else assert.equal(JSON.stringify(frame), text, name)
    }
  }
  const told = fixtures('server-frames').filter(fixture => fixture.frame.type === 'error')
  assert.deepEqual([...new Set(told.map(fixture => fixture.frame.code))].sort(), [...ERRORS].sort())
})

test('what is no frame throws, an unknown type is passed on', () => {
  const bad = [
    '', 'hello', '1', 'null', '[]', '"x"', '{}', '{"type":"ping"', new ArrayBuffer(4),
    '{"type":"welcome","session":"s","user":"u","channels":{}}',
    '{"type":"welcome","session":"s","user":"u","heartbeat":0,"channels":{}}',
  ]
  for (const text of bad) assert.throws(() => decode(text), Error, String(text))
  assert.deepEqual(decode('{"type":"later","x":1}'), { type: 'later', x: 1 })
})

test('positions', () => {
  assert.deepEqual(parsePosition('k3Zq81Ab-42'), { epoch: 'k3Zq81Ab', offset: 42 })
  assert.deepEqual(parsePosition('a-b-0'), { epoch: 'a-b', offset: 0 })
  for (const bad of [undefined, null, '', '42', '-42', 'a-', 'a-x', 'a-4.5', 7, {}]) {
    assert.equal(parsePosition(bad), null, String(bad))
  }
})

test("close codes: the client's rules, the server's table and PROTOCOL.md agree", () => {
  const table = fixtures('close-codes')
  const special = { 4001: 'token', 4110: 'fresh' }
  for (const { name, code, comesBack } of table) {
    assert.equal(afterClose(code), special[code] ?? (comesBack ? 'back' : 'stay'), name)
  }
  for (const code of [1001, 1012, 1015, 4999, undefined]) assert.equal(afterClose(code), 'back', String(code))

  const protocol = readFileSync(new URL('../../server/PROTOCOL.md', import.meta.url), 'utf8')
  const told = [...protocol.matchAll(/^\| (\d+) \| ([A-Z_]+) \| (yes|no)\b/gm)].map(([, code, name, back]) => ({
    name,
    code: +code,
    comesBack: back === 'yes',
  }))
  assert.deepEqual(told, table.filter(({ name }) => name !== 'LEFT').sort((a, b) => a.code - b.code)) // LEFT: its own goodbye
})

test('full jitter: from the least wait to a top that doubles', () => {
  const wait = (n, random, minDelay = 500, maxDelay = 20_000) => backoff(n, { minDelay, maxDelay, random: () => random })
  const range = n => [wait(n, 0), wait(n, 0.999999)]
  assert.deepEqual(range(1), [500, 999])
  assert.deepEqual(range(2), [500, 1999])
  assert.deepEqual(range(5), [500, 15_999])
  assert.deepEqual(range(6), [500, 19_999])
  assert.deepEqual(range(5000), [500, 19_999])
  assert.equal(wait(3, 0.5, 0, 1000), 0)
  assert.equal(wait(3, 0.5, 500, 100), 500, 'a top below the least wait')
})
