// @ts-check
// A publication, or a question, as the HTTP request that the page makes and as the curl line that makes the same one. Pure.

/**
 * @typedef {object} Publication
 * @property {'user' | 'topic' | 'everyone'} kind
 * @property {string[]} targets user ids, or one topic; ignored for everyone
 * @property {string} message text, or JSON text when `json`
 * @property {boolean} json
 * @property {string} [flag]
 * @property {string} [ttl]
 * @property {string} [collapse]
 * @property {string} [wait]
 */

/**
 * @typedef {object} PublishRequest
 * @property {string} url
 * @property {'GET' | 'POST'} method
 * @property {Record<string, string>} headers
 * @property {string} [body]
 * @property {string} curl one command for sh, bash and zsh
 */

/** Longer addresses do not get through every proxy: such a publication is posted as a form. */
const LONGEST_URL = 2000

/** Between two options: each has a line, so that none is broken where a reader would stumble. */
const NEXT = ' \\\n  '

/** Needs no encoding in a query or a form, and no quotes in a shell. */
const SIMPLE = /^[\w.~-]*$/

/**
 * @param {Publication} publication
 * @param {string} endpoint the absolute address of /socket/publish or /socket/ask
 * @param {string} [key] sent as X-Api-Key
 * @returns {PublishRequest}
 */
export function publishRequest(publication, endpoint, key = '') {
  const request = publication.json ? asJson(publication, endpoint) : asText(publication, endpoint)
  if (key) {
    request.headers['X-Api-Key'] = key
    request.curl += `${NEXT}-H ${quote(`X-Api-Key: ${key}`)}`
  }
  return request
}

/** @param {Publication} publication @param {string} endpoint @returns {PublishRequest} */
function asText(publication, endpoint) {
  const fields = [...target(publication), ['message', publication.message], ...options(publication)]
  const url = `${endpoint}?${fields.map(([name, value]) => `${name}=${value}`).join('&')}`
  if (url.length <= LONGEST_URL && fields.every(([, value]) => SIMPLE.test(value))) {
    return { url, method: 'GET', headers: {}, curl: `curl ${quote(url)}` }
  }
  const data = fields.map(([name, value]) =>
    SIMPLE.test(value) ? `-d ${name}=${value}` : `--data-urlencode ${quote(`${name}=${value}`)}`)
  return {
    url: endpoint,
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    curl: ['curl ' + quote(endpoint), ...data].join(NEXT),
  }
}

/**
 * The message's own text goes into the body untouched: parsing and printing it again would change large numbers.
 * @param {Publication} publication @param {string} endpoint @returns {PublishRequest}
 */
function asJson(publication, endpoint) {
  const fields = options(publication).map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const body = `{${targetJson(publication)},"message":${publication.message.trim()}${fields.join('')}}`
  return {
    url: endpoint,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
    curl: ['curl ' + quote(endpoint), "-H 'Content-Type: application/json'", `-d ${quote(body)}`].join(NEXT),
  }
}

/** @param {Publication} publication @returns {[string, string][]} */
function target({ kind, targets }) {
  if (kind === 'everyone') return [['all', 'true']]
  if (kind === 'topic') return [['topic', targets[0] ?? '']]
  return (targets.length ? targets : ['']).map((user) => ['userId', user])
}

/** @param {Publication} publication */
function targetJson({ kind, targets }) {
  if (kind === 'everyone') return '"all":true'
  if (kind === 'topic') return `"topic":${JSON.stringify(targets[0] ?? '')}`
  return `"userId":${JSON.stringify(targets.length > 1 ? targets : (targets[0] ?? ''))}`
}

/** @param {Publication} publication @returns {[string, string][]} */
function options({ flag, ttl, collapse, wait }) {
  /** @type {[string, string | undefined][]} */
  const all = [['flag', flag], ['ttl', ttl], ['collapse', collapse], ['wait', wait]]
  return /** @type {[string, string][]} */ (all.filter(([, value]) => value))
}

/**
 * One word for a POSIX shell: nothing is special between single quotes but the quote itself.
 * @param {string} word
 */
export function quote(word) {
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
