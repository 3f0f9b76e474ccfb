// @ts-check
// Four charts of the last minutes, by uPlot, which a script of its own brings in.
import { byId } from '../dom.js'
import { bytes, count, within } from './figures.js'

/** Points of each line: five minutes. */
const POINTS = 300
const HEIGHT = 150

/**
 * @typedef {object} Plan what a chart shows
 * @property {string} id of its place
 * @property {[string, string][]} lines name and colour, a custom property of the style sheet
 * @property {(value: number) => string} print
 */

/** @type {Plan[]} */
const PLANS = [
  { id: 'rates', lines: [['in', '--accent'], ['out', '--all']], print: count },
  { id: 'acks', lines: [['50 %', '--accent'], ['99 %', '--all']], print: within },
  { id: 'sessions', lines: [['sessions', '--accent'], ['slow', '--all']], print: count },
  { id: 'memory', lines: [['heap', '--accent'], ['resident', '--all']], print: bytes },
]

export class Charts {
  /** @type {number[]} */ #times = []
  /** By plan, by line. @type {(number | null)[][][]} */ #values = PLANS.map((plan) => plan.lines.map(() => []))
  /** @type {any[]} */ #plots = []

  constructor() {
    this.#draw()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
    new ResizeObserver(() => this.#fit()).observe(byId('chart-rates', HTMLElement))
  }

  /**
   * @param {import('./figures.js').Stats} stats
   * @param {import('./figures.js').Rates | null} rates
   * @param {{p50: number, p99: number} | null} acks
   */
  add(stats, rates, acks) {
    const point = [
      [rates?.published, rates?.offered],
      [acks?.p50, acks?.p99],
      [stats.sessions.total, stats.sessions.slow],
      [stats.memory.heap, stats.memory.resident],
    ]
    this.#times.push(stats.time / 1000)
    point.forEach((lines, plan) => lines.forEach((value, line) => this.#values[plan][line].push(Number.isFinite(value) ? Number(value) : null)))
    if (this.#times.length > POINTS) {
      this.#times.shift()
      for (const lines of this.#values) for (const line of lines) line.shift()
    }
    this.#plots.forEach((plot, plan) => this.#show(plot, plan))
  }

  /** @param {number} plan */
  #data(plan) {
    return [this.#times, ...this.#values[plan]]
  }

  /** The legend tells the last figures while the pointer asks for no others. @param {any} plot @param {number} plan */
  #show(plot, plan) {
    plot.setData(this.#data(plan))
    if (plot.cursor.idx === null && this.#times.length) plot.setLegend({ idx: this.#times.length - 1 })
  }

  #fit() {
    PLANS.forEach((plan, index) => {
      const width = byId(`chart-${plan.id}`, HTMLElement).clientWidth
      if (width && width !== this.#plots[index].width) this.#plots[index].setSize({ width, height: HEIGHT })
    })
  }

  #draw() {
    for (const plot of this.#plots) plot.destroy()
    this.#plots = PLANS.map((plan, index) => {
      const place = byId(`chart-${plan.id}`, HTMLElement)
      const plot = new (/** @type {any} */ (window)).uPlot(options(plan, place.clientWidth || 300), [[]], place)
      this.#show(plot, index)
      return plot
    })
  }
}

/** @param {Plan} plan @param {number} width */
function options({ lines, print }, width) {
  const style = getComputedStyle(document.documentElement)
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--edge'), width: 1 }, ticks: { show: false }, font: '11px system-ui' }
  return {
    width,
    height: HEIGHT,
    padding: [8, 6, 0, 0],
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (/** @type {any} */ _, /** @type {number} */ _low, /** @type {number} */ high) => [0, Math.max(1, (high ?? 1) * 1.1)] } },
    series: [
      { value: (/** @type {any} */ _, /** @type {number | null} */ at) => (at === null ? '' : clock(at)) },
      ...lines.map(([label, name], place) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        dash: place ? [4, 3] : undefined, // not by colour alone
        points: { show: false },
        value: (/** @type {any} */ _, /** @type {number | null} */ value) => (value === null ? '–' : print(value)),
      })),
    ],
    axes: [
      { ...axis, size: 24, space: 70, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(clock) },
      { ...axis, size: 56, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => (tick < 0 ? '' : print(tick).replace('< ', ''))) },
    ],
  }
}

/** @param {number} at seconds since 1970 */
function clock(at) {
  return new Date(at * 1000).toLocaleTimeString('en-GB')
}
