import {spawn} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {readBlob, writeBlob} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {type Leaf, text} from '../../command/command.ts';
import {digestArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[flags] <digest>',
  description: 'Edit a blob and return a new digest. Nothing refers to it yet: use it soon, or under a lease.',
  flags: [
    text('validate', 'Validate the result against a format (json, mediatype, etc.)'),
    {...text('editor', 'Select editor (vim, emacs, etc.)'), env: 'EDITOR'},
  ],
  async run({ctx, client, flags, args, print}) {
    const digest = digestArgument(args, 0);
    const validate = flags.text('validate');
    if (!['', 'json', 'mediatype'].includes(validate))
      throw new EngineError(
        'invalid-argument',
        `cannot validate the format "${validate}": json and mediatype are known`,
      );
    const before = await readBlob(ctx, client, digest);
    const after = await edit(before, flags.text('editor') || 'vi');
    if (validate !== '') checkJson(after, validate === 'mediatype');
    // The label keeps it for those who have no lease: the original leaves it to the next collection at once.
    const labels = {'containerd.io/gc.root': new Date().toISOString()};
    print(`${(await writeBlob(ctx, client, after, labels)).digest}\n`);
  },
};
export default leaf;

/** Runs the editor on a copy, through the shell, since people give options in $EDITOR. */
async function edit(bytes: Uint8Array, editor: string): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'edit-'));
  try {
    const file = join(dir, 'content');
    await writeFile(file, bytes, {mode: 0o600});
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('sh', ['-c', `${editor} "$0"`, file], {stdio: 'inherit'});
      child.on('error', reject).on('exit', resolve);
    });
    if (exitCode !== 0)
      throw new EngineError('failed-precondition', `editor "${editor}" ended with ${exitCode ?? 'a signal'}`);
    return await readFile(file);
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
}

function checkJson(bytes: Buffer, withMediaType: boolean): void {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new EngineError('invalid-argument', `the result is no JSON: ${(error as Error).message}`);
  }
  if (!withMediaType) return;
  const mediaType = (value as {mediaType?: unknown} | null)?.mediaType;
  if (typeof mediaType !== 'string' || mediaType === '')
    throw new EngineError('invalid-argument', 'the result has no mediaType');
}
