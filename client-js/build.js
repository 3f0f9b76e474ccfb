/** Builds dist/: the module, the script-tag build, and the types. `npm run build`. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const here = name => fileURLToPath(new URL(name, import.meta.url))

const common = { absWorkingDir: here('.'), bundle: true, target: 'es2022', logLevel: 'warning' }

rmSync(here('dist'), { recursive: true, force: true })
const modules = { parley: 'src/index.js', shared: 'src/shared.js' }
await build({ ...common, entryPoints: modules, format: 'esm', splitting: true, chunkNames: 'core', outdir: 'dist' })

const script = await build({ ...common, entryPoints: ['src/script.js'], format: 'iife', minify: true, write: false })
const { code } = await minify(script.outputFiles[0].text, {
  ecma: 2020,
  compress: { passes: 3, unsafe: true, unsafe_arrows: true },
})
writeFileSync(here('dist/parley.min.js'), code)

execFileSync(process.execPath, [here('node_modules/typescript/bin/tsc'), '-p', here('tsconfig.types.json')], { stdio: 'inherit' })
