/** docker-proxy: the userland proxy of one published port. */
import {argv, exit, stderr, stdout} from 'node:process';
import {engineVersion, gitCommit} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import {type Command, parseArguments, usage} from './options.ts';
import {serve} from './serve.ts';

exit(await main());

async function main(): Promise<number> {
  let command: Command;
  try {
    command = parseArguments(argv.slice(2));
  } catch (error) {
    stderr.write(`${messageOf(error)}\n${usage}`);
    return 2;
  }
  if (command.kind === 'serve') return await serve(command.options);
  if (command.kind === 'version') stdout.write(`docker-proxy (commit ${gitCommit}) version ${engineVersion}\n`);
  else stderr.write(usage);
  return 0;
}
