/**
 * Compiles one executable package into a standalone ELF file: `node ../../tools/build.ts <executable>` with the
 * package as working directory. Worker entry points (`*.worker.ts`) become further entry points of the same file.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {arch, argv, env, exit} from 'node:process';

const root = resolve(import.meta.dirname, '..');
const executable = argv[2];
if (!executable) {
  console.error('usage: node tools/build.ts EXECUTABLE (run it from the package that makes it)');
  exit(2);
}
const bun = join(root, 'node_modules/@oven', arch === 'arm64' ? 'bun-linux-aarch64' : 'bun-linux-x64', 'bin/bun');
if (!existsSync(bun)) {
  console.error(`${bun} is missing: run "npm ci" (optional dependencies must not be left out)`);
  exit(1);
}
compile(process.cwd(), join(root, 'dist/bin', executable));

function compile(packageDir: string, target: string): void {
  const options = buildOptions(packageDir);
  const workers = globSync('src/**/*.worker.ts', {cwd: packageDir}).sort();
  const otherArch = arch === 'arm64' ? 'x64' : 'arm64';
  mkdirSync(dirname(target), {recursive: true});
  removeLeftovers(dirname(target));
  const temporary = join(dirname(target), `.${executable}.${process.pid}.tmp`);
  execFileSync(
    bun,
    [
      ...['build', '--compile', '--minify', '--bytecode', '--format=esm', '--target=bun'],
      ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
      ...['--external', `@koromix/koffi-linux-${otherArch}/*`],
      ...(options.splitting ? ['--splitting'] : []),
      ...(options.runtimeFlags ? [`--compile-exec-argv=${options.runtimeFlags}`] : []),
      ...['--define', `process.env.LONGSHORE_BUILD_COMMIT=${JSON.stringify(commit())}`],
      ...['--define', `process.env.LONGSHORE_BUILD_TIME=${JSON.stringify(commitTime())}`],
      ...['--root', packageDir, 'src/main.ts', ...workers, '--outfile', temporary],
    ],
    // Bun must neither phone home nor read a configuration of the user's.
    {
      cwd: packageDir,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {...env, DO_NOT_TRACK: '1', BUN_CONFIG_FILE: '/dev/null'},
    },
  );
  renameSync(temporary, target);
  console.log(`built ${relative(root, target)}`);
}

interface BuildOptions {
  /**
   * What is behind `import()` becomes a chunk of its own inside the executable and is only read when it is wanted. It
   * shortens the start of programs with many commands.
   */
  splitting?: boolean;
  /** Options of Bun's that the program runs with, such as `--smol`. */
  runtimeFlags?: string;
}

/** `"build"` of a package.json. */
function buildOptions(packageDir: string): BuildOptions {
  return JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')).build ?? {};
}

/** What a killed build left behind. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(`.${executable}.`) && name.endsWith('.tmp')) rmSync(join(directory, name));
  }
}

/** When the commit was made, so that two builds of it are the same; in the form of Docker's build times. */
function commitTime(): string {
  try {
    const seconds = execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, '.000000000+00:00');
  } catch {
    return ''; // a source archive without git
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=9', 'HEAD'], {cwd: root, stdio: ['ignore', 'pipe', 'ignore']})
      .toString()
      .trim();
  } catch {
    return 'unknown'; // a source archive without git
  }
}
