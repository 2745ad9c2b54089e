import {writeFileSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {type Command, none} from '../cli/command.ts';
import {goJson} from '../cli/go-json.ts';
import {exampleSpec, rootlessSpec} from '../example-spec.ts';

export const command: Command = {
  name: 'spec',
  summary: 'write a config.json to begin a bundle with',
  argumentsText: '',
  description: `The process of the new config.json is "sh" on a terminal. To make a bundle from an image's files:

    mkdir -p bundle/rootfs && tar -C bundle/rootfs -xf files.tar
    runc-wrapper spec --bundle bundle
    runc-wrapper run --bundle bundle <container-id>

With --rootless the container has a user namespace and can be run by an ordinary user.
`,
  flags: [
    {names: ['bundle', 'b'], kind: 'string', help: 'directory of the bundle (default: the current directory)'},
    {names: ['rootless'], kind: 'boolean', help: 'for a user other than root'},
  ],
  arguments: none,
  run({args}) {
    const bundle = args.text('bundle') ?? '';
    const spec = args.boolean('rootless') ? rootlessSpec(process.geteuid!(), process.getegid!()) : exampleSpec();
    writeNew(bundle, goJson(spec, '\t'));
    return 0;
  },
};

function writeNew(bundle: string, content: string): void {
  try {
    writeFileSync(`${bundle === '' ? '.' : bundle}/config.json`, content, {flag: 'wx', mode: 0o666});
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new EngineError('already-exists', 'File config.json exists. Remove it first');
    if (code === 'ENOENT')
      throw new EngineError('not-found', `chdir ${bundle}: no such file or directory`, {cause: error});
    throw error;
  }
}
