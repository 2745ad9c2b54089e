/**
 * Guests by hand and for tests.
 *
 *   node tools/vm/main.ts test [FILE…]      the suites of e2e/vm in their long form (npm run test:vm)
 *   node tools/vm/main.ts run COMMAND…      boots a guest, runs each command in it, and switches it off
 *   node tools/vm/main.ts image [VARIANT]   makes an image, if the cache has none, and prints where it is
 *
 * The executables are those of dist/bin: `npm run build` makes them.
 */
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {argv, exit, stderr, stdout} from 'node:process';
import {execa} from 'execa';
import {ensureImage} from './image.ts';
import {Machine} from './machine.ts';
import {makePayload} from './payload.ts';
import {packages, type Variant} from './variants.ts';

const root = resolve(import.meta.dirname, '../..');
const [verb = '', ...rest] = argv.slice(2);
const verbs: Record<string, (args: string[]) => Promise<number>> = {test, run, image};
const chosen = verbs[verb];
if (!chosen) {
  stderr.write(`usage: node tools/vm/main.ts ${Object.keys(verbs).join(' | ')} [ARGUMENT…]\n`);
  exit(2);
}
exit(await chosen(rest));

async function test(files: string[]): Promise<number> {
  const {exitCode} = await execa('ava', ['--config', 'e2e/vm/ava.config.js', ...files], {
    cwd: root,
    preferLocal: true,
    localDir: root,
    stdio: 'inherit',
    reject: false,
    env: {LONGSHORE_LONG: '1'},
  });
  return exitCode ?? 1;
}

async function run(commands: string[]): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'ls-vm-'));
  try {
    const payload = await makePayload({directory});
    const made = await ensureImage('admin', progress);
    await using machine = await Machine.make({directory: join(directory, 'machine'), image: made, payload});
    await machine.start();
    for (const command of commands) {
      const {code} = await machine.run(command, {onOutput: text => stdout.write(text)});
      if (code !== 0) return code;
    }
    await machine.shutdown();
    return 0;
  } finally {
    await rm(directory, {recursive: true, force: true});
  }
}

async function image([variant = 'admin']: string[]): Promise<number> {
  if (!(variant in packages)) {
    stderr.write(`there is no variant "${variant}" (there are: ${Object.keys(packages).join(', ')})\n`);
    return 2;
  }
  console.log((await ensureImage(variant as Variant, progress)).disk);
  return 0;
}

function progress(line: string): void {
  stderr.write(`${line}\n`);
}
