/** `ctr`: the client to debug containerd with. */
import {messageOf} from '@longshore/errdefs';
import {finishOutput, guardOutput} from '@longshore/term';
import {dispatch} from './command/dispatch.ts';
import {UnknownCommandError} from './command/errors.ts';

guardOutput(process.stdout, process.stderr);
const exitCode = await main(process.argv.slice(2));
await finishOutput(process.stdout, process.stderr);
process.exit(exitCode);

async function main(argv: string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    if (error instanceof UnknownCommandError) {
      process.stderr.write(`${error.message}\n`);
      return 3;
    }
    process.stderr.write(`ctr: ${plainMessage(messageOf(error))}\n`);
    return 1;
  }
}

/** Errors of files as containerd's tools word them: `open /x: no such file or directory`. */
function plainMessage(message: string): string {
  return message.replace(/\bE[A-Z]+: ([a-z ]+), ([a-z]+) '([^']*)'/g, '$2 $3: $1');
}
