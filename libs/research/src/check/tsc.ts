import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { CheckLine } from './types.ts'

const root = path.resolve(import.meta.dirname, '../../../..')
const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
/** A strategy is a module wherever it lies, whatever the package.json beside it says. */
const MODULE = { module: 'esnext', moduleResolution: 'bundler', verbatimModuleSyntax: false, isolatedModules: true }
const TSC_MS_MAX = 60_000

const PASSED: CheckLine = { check: 'types', status: 'passed', detail: 'compiles with the rules of this house' }

/** The compiler's word on one file, wherever it lies, with the rules of this house. */
export async function checkTypes(file: string, folder: string): Promise<CheckLine> {
  if (!existsSync(compiler)) return { check: 'types', status: 'skipped', detail: 'the compiler is not installed here' }
  const project = path.join(folder, 'tsconfig.json')
  const paths = {
    '@contrail/*': [path.join(root, 'libs/*/src/index.ts')],
    zod: [path.join(root, 'node_modules/zod/index.d.ts')],
  }
  const compilerOptions = { paths, typeRoots: [path.join(root, 'node_modules/@types')], rootDir: '/', ...MODULE }
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions,
    files: [path.resolve(file)],
    include: [],
  }
  await writeFile(project, JSON.stringify(config))
  const { code, text } = await run([compiler, '--noEmit', '-p', project, '--pretty', 'false'])
  if (code === 0) return PASSED
  // The house answers for its own files.
  const isHouse = (line: string) => /^((\.\.\/)*|.*\/)(libs\/[a-z]+\/src|node_modules)\//.test(line)
  const errors = text.split('\n').filter((line) => line.includes(': error TS') && !isHouse(line))
  if (errors.length === 0 && text.includes(': error TS')) return PASSED
  const own = errors.map((line) => line.replace(/^.*?([^/\\(]+)\((\d+),\d+\): error (TS\d+): /, '$1:$2 $3 '))
  return { check: 'types', status: 'failed', detail: own.slice(0, 4).join('; ') || text.slice(0, 300) }
}

function run(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TSC_MS_MAX,
    })
    let text = ''
    const keep = (chunk: Buffer) => (text += chunk.toString())
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('close', (code) => resolve({ code, text }))
    child.once('error', (error) => resolve({ code: 1, text: error.message }))
  })
}
