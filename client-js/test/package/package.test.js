/** What npm gets: built, small, without dependencies, with types. `npm run build` first. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

test('the build for script tags has 5 KB at most, compressed', () => {
  const size = gzipSync(readFileSync(`${root}dist/parley.min.js`), { level: 9 }).length
  assert.ok(size <= 5000, `${size} bytes`)
})

test('nothing is needed at run time', () => {
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) assert.equal(manifest[kind], undefined)
  for (const name of ['parley', 'shared', 'core']) {
    const imported = [...readFileSync(`${root}dist/${name}.js`, 'utf8').matchAll(/\bfrom "(.*)"/g)].map(([, from]) => from)
    assert.deepEqual(imported, name === 'core' ? [] : ['./core.js'])
  }
})

test('the module is what a program imports by name', async () => {
  assert.deepEqual(Object.keys(await import('parley-client')), ['Parley', 'ParleyError'])
  assert.deepEqual(Object.keys(await import('parley-client/shared')), ['shareTabs'])
})

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: root, strict: true })
  assert.deepEqual(messages.map(message => formatMessage(message, manifest)), [])
})

test('a program that is checked strictly finds the types', () => {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}test/package`], { stdio: 'inherit' })
})
