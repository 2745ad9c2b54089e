/** From a runtime's name to the path of its shim. */
import {statSync} from 'node:fs';
import {basename, dirname, isAbsolute, join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {quote} from '../../core/names.ts';

export interface SearchOptions {
  /** Colon-separated, as in the environment. */
  path: string;
  /** Directory of this executable: where a shim installed beside it is found last. */
  ownDirectory: string;
}

/** Shims that containerd 2 came without, and those that take their options. */
const successors: Readonly<Record<string, string>> = {'containerd-shim-runc-v1': 'containerd-shim-runc-v2'};

/**
 * `io.containerd.runc.v2` → `containerd-shim-runc-v2` in PATH or beside containerd; an absolute path is itself. Found
 * paths are kept for the life of the daemon. Throws invalid-argument for a name that is none, not-found.
 */
export class RuntimeBinaries {
  readonly #options: SearchOptions;
  readonly #found = new Map<string, string>();

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  resolve(runtime: string): string {
    if (isAbsolute(runtime)) {
      if (!isExecutable(runtime)) throw notInstalled(runtime, basename(runtime));
      return runtime;
    }
    const binary = binaryName(runtime);
    const known = this.#found.get(binary);
    if (known !== undefined) return known;
    const path = this.#search(binary) ?? this.#search(successors[binary] ?? binary);
    if (path === undefined) throw notInstalled(runtime, binary);
    this.#found.set(binary, path);
    return path;
  }

  #search(binary: string): string | undefined {
    const directories = [...this.#options.path.split(':').filter(isAbsolute), this.#options.ownDirectory];
    return directories.map(directory => join(directory, binary)).find(isExecutable);
  }
}

/** The last two parts of the name, whatever comes before. */
function binaryName(runtime: string): string {
  const parts = runtime.split('.');
  const [kind, version] = parts.slice(-2);
  if (runtime.includes('/') || dirname(runtime) !== '.' || parts.length < 2 || !parts[0] || !kind || !version) {
    throw new EngineError(
      'invalid-argument',
      `invalid runtime name ${quote(runtime)}, correct runtime name should be either format like \`io.containerd.runc.v2\` or a full path to the binary: invalid argument`,
    );
  }
  return `containerd-shim-${kind}-${version}`;
}

function notInstalled(runtime: string, binary: string): EngineError {
  return new EngineError(
    'not-found',
    `runtime ${quote(runtime)} binary not installed ${quote(binary)}: file does not exist`,
  );
}

function isExecutable(path: string): boolean {
  const status = statSync(path, {throwIfNoEntry: false});
  return status?.isFile() === true && (status.mode & 0o111) !== 0;
}
