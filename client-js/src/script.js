// @ts-check
/** The build for a script tag: `new Parley(..)` without import. */
import { Parley } from './index.js'

/** @type {any} */ (globalThis).Parley = Parley
