/** `docker`: the command line of the engine. */
import {finishOutput, guardOutput} from '@longshore/term';
import {Cli} from './cli.ts';
import {dispatch} from './command/dispatch.ts';
import {CliError, ExitStatus} from './command/errors.ts';
import {commandTable} from './command-table/index.ts';
import {parseGlobals} from './globals.ts';
import {wantsTrace} from './trace/environment.ts';
import {versionLine} from './version-line.ts';

guardOutput(process.stdout, process.stderr);
const exitCode = await main(process.argv.slice(2));
await finishOutput(process.stdout, process.stderr);
process.exit(exitCode);

async function main(argv: string[]): Promise<number> {
  try {
    const globals = parseGlobals(argv);
    using cli = new Cli(globals);
    if (globals.wantsVersion && globals.rest.length === 0) {
      cli.print(versionLine());
      return 0;
    }
    const words = globals.wantsHelp ? ['help'] : globals.rest;
    if (!wantsTrace(process.env)) return await dispatch(commandTable, cli, words);
    const {dispatchTraced} = await import('./trace/export.ts');
    return await dispatchTraced(commandTable, cli, words, process.env);
  } catch (error) {
    if (error instanceof ExitStatus) return error.exitCode;
    const text = error instanceof Error ? error.message : String(error);
    if (text !== '') process.stderr.write(`${text}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}
