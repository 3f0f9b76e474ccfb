// A real server and a real Chromium for the tests in this folder.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'

const JAR = fileURLToPath(new URL('../../../server/target/server.jar', import.meta.url))
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why these tests cannot run here, or undefined. In CI nothing may be missing. */
export function missing() {
  const what = !existsSync(JAR) ? 'server/target/server.jar: run scripts/run or mvn package first'
    : !existsSync(CHROMIUM) ? `Chromium at ${CHROMIUM}: install it, or set CHROMIUM` : undefined
  if (what && process.env.CI) throw new Error(`missing in CI: ${what}`)
  return what && `missing: ${what}`
}

const JAVA = process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/java` : 'java'

/** What a command of the jar prints. */
export async function run(...words) {
  const { stdout } = await promisify(execFile)(JAVA, ['-jar', JAR, ...words])
  return stdout.trim()
}

/** Starts the jar. `port` 0 takes any; the address stands in the start line. */
export async function startServer(port = 0, ...options) {
  const child = spawn(JAVA, ['-jar', JAR, '--port', String(port), ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  const log = []
  createInterface({ input: child.stderr }).on('line', line => log.push(line))
  const lines = createInterface({ input: child.stdout })
  const origin = await new Promise((resolve, reject) => {
    lines.on('line', line => {
      log.push(line)
      const address = /on (http:\/\/\S+?)\/ /.exec(line)
      if (address) resolve(address[1])
    })
    child.on('exit', code => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)))
  })
  const end = signal => async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    origin,
    host: new URL(origin).host,
    port: Number(new URL(origin).port),
    log,
    stop: end('SIGTERM'),
    kill: end('SIGKILL'),
    /** Publishes and returns the receipt. */
    publish: async fields => {
      const response = await fetch(`${origin}/socket/publish`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(fields),
      })
      return { status: response.status, ...(await response.json()) }
    },
    online: async user => (await (await fetch(`${origin}/socket/online?userId=${user}`)).json()).users[user],
  }
}

/** @param options further switches of Chromium */
export const launch = (...options) => chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
    // a page that the test made up comes from no address, and Chromium would keep it from local ones
    '--disable-features=LocalNetworkAccessChecks', ...options],
})

/** Waits until `probe` returns something true, and returns it; fails after `millis`. */
export async function until(what, probe, millis = 15000) {
  const end = Date.now() + millis
  for (;;) {
    const value = await probe()
    if (value) return value
    if (Date.now() > end) throw new Error(`not within ${millis} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}
