/** What the tests test: the source, or with CLIENT=dist what the build for script tags made of it. */
if (process.env.CLIENT === 'dist') await import('../dist/parley.min.js')
const { Parley } = process.env.CLIENT === 'dist' ? globalThis : await import('../src/index.js')

export { Parley }
