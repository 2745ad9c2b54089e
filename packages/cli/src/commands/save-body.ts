/** Writes the body of an answer to a file or to standard output. */
import {open, rename, rm, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {write} from '@longshore/term';
import type {Cli} from '../cli.ts';
import type {EngineResponse} from '../client/engine-client.ts';
import {CliError} from '../command/errors.ts';

/** A file appears whole or not at all; a terminal gets no archive. */
export async function saveBody(
  cli: Cli,
  path: string,
  what: string,
  request: () => Promise<EngineResponse>,
): Promise<void> {
  if (path === '') {
    if (cli.stdout.isTTY) throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    const {body} = await request();
    for await (const chunk of body) await write(cli.stdout, chunk);
    return;
  }
  await checkTarget(path, what);
  const {body} = await request();
  const isSpecial = await stat(path).then(
    info => !info.isFile(),
    () => false,
  );
  // A device or pipe (`-o /dev/null`) is written as it is.
  const target = isSpecial ? path : `${path}.${process.pid}.tmp`;
  const file = await open(target, 'w', 0o600);
  try {
    for await (const chunk of body) await file.writeFile(chunk);
    await file.close();
    if (!isSpecial) await rename(target, path);
  } catch (error) {
    await file.close().catch(() => {}); // the first error is the one to tell
    if (!isSpecial) await rm(target, {force: true});
    throw error;
  }
}

async function checkTarget(path: string, what: string): Promise<void> {
  const directory = dirname(path);
  const info = await stat(directory).catch(() => undefined);
  if (!info?.isDirectory())
    throw new CliError(`${what}: invalid output path: stat ${directory}: no such file or directory`);
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory()) throw new CliError(`${what}: cannot write to a directory`);
}
