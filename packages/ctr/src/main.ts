/** `ctr`: the client to debug containerd with. */
import {messageOf} from '@longshore/errdefs';
import {finishOutput, guardOutput} from '@longshore/term';
import {dispatch} from './command/dispatch.ts';

guardOutput(process.stdout, process.stderr);
const exitCode = await main(process.argv.slice(2));
await finishOutput(process.stdout, process.stderr);
process.exit(exitCode);

async function main(argv: string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    process.stderr.write(`ctr: ${messageOf(error)}\n`);
    return 1;
  }
}
