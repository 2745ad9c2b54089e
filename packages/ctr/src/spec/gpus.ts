/** GPUs of NVIDIA in a container: a hook that runs nvidia-container-cli, which knows the driver's files and devices. */
import {EngineError, messageOf} from '@longshore/errdefs';
import {findProgram} from '@longshore/linux';
import type {FullSpec} from './default-spec.ts';

const capabilities = ['compute', 'compat32', 'graphics', 'utility', 'video', 'display'];

/** `indexes` as nvidia-smi counts them. Throws not-found where the tool or containerd is not installed. */
export function addGpus(spec: FullSpec, indexes: readonly string[], searchPath = process.env.PATH): void {
  const wrong = indexes.find(index => !/^\d+$/.test(index));
  if (wrong !== undefined) throw new EngineError('invalid-argument', `invalid --gpus "${wrong}": it is no number`);
  const hook = {
    path: find('containerd', searchPath),
    args: [
      // It puts what it knows of the container into the arguments.
      ...['containerd', 'oci-hook', '--', find('nvidia-container-cli', searchPath), '--load-kmods', 'configure'],
      `--device=${indexes.join(',')}`,
      ...capabilities.map(name => `--${name}`),
      ...['--pid={{pid}}', '{{rootfs}}'],
    ],
    env: Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`),
  };
  spec.hooks = {...spec.hooks, prestart: [...(spec.hooks?.prestart ?? []), hook]};
}

function find(program: string, searchPath: string | undefined): string {
  try {
    return findProgram(program, searchPath);
  } catch (error) {
    throw new EngineError('not-found', `--gpus needs ${program} in PATH: ${messageOf(error)}`, {cause: error});
  }
}
