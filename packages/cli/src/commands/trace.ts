import {writeFileSync} from 'node:fs';
import type {EngineTrace} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';
import {ApiError} from '../client/api-error.ts';
import {dispatch} from '../command/dispatch.ts';
import {DockerCommand, type Input} from '../command/docker-command.ts';
import {CliError, ExitStatus} from '../command/errors.ts';
import {type FlagSpecs, flag} from '../command/flags.ts';
import {atLeast} from '../command/positional.ts';
import {ClientTrace} from '../trace/client-trace.ts';
import {fromEngine, waterfall} from '../trace/waterfall.ts';
import {waterfallPage} from '../trace/waterfall-page.ts';
import {summaryText, waterfallText} from '../trace/waterfall-text.ts';

const flags = {
  html: flag.string('Write the waterfall as an HTML page to this file, too'),
} satisfies FlagSpecs;

const defaultColumns = 120;
/** Shims hand their spans over after the call; what is younger may still be on the way. Milliseconds. */
const settleMs = 50;

/** An addition of Longshore's. The command's output stays as it is; the waterfall goes to standard error. */
export default class Trace extends DockerCommand<typeof flags> {
  static override summary = 'Run a command and show where its time went';
  static override flags = flags;
  static override tail = '[OPTIONS] COMMAND [ARG...]';
  static override positional = atLeast(1);
  static override interspersed = false;

  async execute({cli, args, flags: {html}}: Input<typeof flags>) {
    if (args[0] === 'trace') throw new CliError('docker trace cannot trace itself');
    const trace = new ClientTrace(`docker ${commandWords(args).join(' ')}`, process.env.TRACEPARENT ?? '');
    cli.trace = trace;
    const exitCode = await run(cli, args);
    trace.end();
    cli.trace = undefined;
    await new Promise(resolve => setTimeout(resolve, settleMs));
    const spans = [...trace.spans, ...(await engineSpans(cli, trace.traceId))];
    const bars = waterfall(spans);
    cli.stderr.write(`${waterfallText(bars, cli.stderr.columns ?? defaultColumns)}${summaryText(bars)}`);
    if (html !== '') writeFileSync(html, waterfallPage(['docker', ...args].join(' '), trace.traceId, bars));
    return exitCode;
  }
}

/** The traced command's errors are shown as ever; then follows the waterfall. */
async function run(cli: Cli, args: string[]): Promise<number> {
  try {
    const {commandTable} = await import('../command-table/index.ts');
    return await dispatch(commandTable, cli, args);
  } catch (error) {
    if (error instanceof ExitStatus) return error.exitCode;
    const text = error instanceof Error ? error.message : String(error);
    if (text !== '') cli.warn(text);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

/** None when the engine is another one, or could not be reached in the first place. */
async function engineSpans(cli: Cli, traceId: string) {
  try {
    return fromEngine(await cli.client.get<EngineTrace>(`/system/traces/${traceId}`));
  } catch (error) {
    const isForeign = error instanceof ApiError && error.status === 404;
    if (isForeign) cli.warn('this engine kept no spans: only those of the client are shown');
    return [];
  }
}

/** `run`, `container ls`: the words before the first flag, two at the most. */
function commandWords(args: readonly string[]): string[] {
  const end = args.findIndex(word => word.startsWith('-'));
  const words = end < 0 ? args : args.slice(0, end);
  return words.slice(0, groups.includes(words[0] ?? '') ? 2 : 1);
}

const groups = ['container', 'context', 'image', 'network', 'system', 'volume'];
