// @ts-check
// Questions to the server over HTTP.
import { keyHeaders } from './key.js'

/** An answer that takes longer counts as none. */
const TIMEOUT = 10_000

/** What the server refused. */
export class Refusal extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail)
    this.status = status
  }
}

/**
 * The JSON of an answer.
 * @param {string} path
 * @param {Record<string, string | number | undefined>} parameters undefined ones are left out
 * @param {string} key
 * @param {'GET' | 'POST'} [method]
 * @returns {Promise<any>} rejected with a sentence for a human
 */
export async function ask(path, parameters, key, method = 'GET') {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value))
  let answer
  let body
  try {
    answer = await fetch(`${path}?${query}`, {
      method, headers: keyHeaders(key), cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT),
    })
    body = await answer.json()
  } catch {
    throw new Refusal(answer?.status ?? 0, 'The server does not answer.')
  }
  if (!answer.ok) throw new Refusal(answer.status, body.detail ?? body.title ?? `The server says ${answer.status}.`)
  return body
}
