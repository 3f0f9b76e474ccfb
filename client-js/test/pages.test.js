// The pages' own arithmetic: what the console makes of figures, and how it reads its stream.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Parser } from '../../server/src/main/resources/static/console/feed.js'
import { bytes, count, Meter, quantile, span, within } from '../../server/src/main/resources/static/console/figures.js'

const ENDS = [1, 2, 5, 10]
/** Figures at a moment, with some counters. */
const stats = (up, published = 0, counts = [0, 0, 0, 0, 0]) => ({
  up, counters: { published, offered: 10 * published, opened: 0, closed: 0 }, acks: { ends: ENDS, counts },
})

test('a rate is what came between two answers, whatever the time between them', () => {
  const meter = new Meter()
  assert.equal(meter.add(stats(1000, 500)).rates, null, 'one answer tells no rate')
  assert.deepEqual(meter.add(stats(3000, 600)).rates, { published: 50, offered: 500, opened: 0, closed: 0 })
  assert.equal(meter.add(stats(3000, 600)).rates, null, 'no time went by')
})

test('a server that began anew is no falling rate', () => {
  const meter = new Meter()
  meter.add(stats(90_000, 1000, [5, 0, 0, 0, 0]))
  assert.deepEqual(meter.add(stats(500, 3, [0, 0, 1, 0, 0])), { rates: null, acks: { count: 1, p50: 5, p99: 5 } })
  assert.equal(meter.add(stats(1500, 13)).rates.published, 10)
})

test('the latency is that of the last 30 seconds', () => {
  const meter = new Meter()
  assert.equal(meter.add(stats(0)).acks, null)
  assert.deepEqual(meter.add(stats(1000, 0, [98, 0, 0, 2, 0])).acks, { count: 100, p50: 1, p99: 10 })
  assert.deepEqual(meter.add(stats(30_000, 0, [98, 0, 1, 2, 0])).acks, { count: 101, p50: 1, p99: 10 })
  assert.deepEqual(meter.add(stats(31_000, 0, [98, 0, 1, 2, 0])).acks, { count: 1, p50: 5, p99: 5 })
  assert.equal(meter.add(stats(61_000, 0, [98, 0, 1, 2, 0])).acks, null)
})

test('a quantile is the end of its class', () => {
  assert.equal(quantile([1, 0, 0, 0, 0], ENDS, 0.5), 1)
  assert.equal(quantile([50, 50, 0, 0, 0], ENDS, 0.5), 1)
  assert.equal(quantile([50, 51, 0, 0, 0], ENDS, 0.5), 2)
  assert.equal(quantile([99, 0, 0, 1, 0], ENDS, 0.99), 1)
  assert.equal(quantile([98, 0, 0, 2, 0], ENDS, 0.99), 10)
  assert.equal(quantile([0, 0, 0, 0, 1], ENDS, 0.5), Infinity)
})

test('figures read like figures', () => {
  assert.deepEqual([0, 7, 0.04, 9.96, 999, 1000, 1234, 99_960, 999_499, 999_500, 2_500_000].map(count),
    ['0', '7', '0', '10', '999', '1 k', '1.2 k', '100 k', '999 k', '1 M', '2.5 M'])
  assert.deepEqual([0, 1023, 1024, 1536, 10_240, 1_048_000, 1_048_576, 6.4e9].map(bytes),
    ['0 B', '1023 B', '1 KB', '1.5 KB', '10 KB', '1023 KB', '1 MB', '6 GB'])
  assert.deepEqual([0, 999, 1000, 119_999, 120_000, 7_200_000, 172_800_000].map(span),
    ['now', 'now', '1 s', '119 s', '2 min', '2 h', '2 d'])
  assert.deepEqual([1, 500, 1000, 60_000, Infinity].map(within), ['< 1 ms', '< 500 ms', '< 1 s', '< 60 s', '> 1 min'])
})

test('the stream is read in whatever pieces it comes', () => {
  const text = ':\n\nid: abc\n\ndata: {"a":1}\n\nid: def\ndata: one\ndata: two\n\n:\n\ndata: 3\n\n'
  const expected = [['abc', ''], ['', '{"a":1}'], ['def', 'one\ntwo'], ['', '3']]
  for (let size = 1; size <= text.length; size++) {
    const events = []
    const parser = new Parser((id, data) => events.push([id, data]))
    for (let at = 0; at < text.length; at += size) parser.add(text.slice(at, at + size))
    assert.deepEqual(events, expected, `in pieces of ${size}`)
  }
})
