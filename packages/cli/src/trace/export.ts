/** A command whose spans go to a collector: the usual variables of OpenTelemetry are set. */
import {type OtlpSettings, otlpSettings} from '@longshore/otlp';
import {sendSpans} from '@longshore/otlp/json';
import type {Cli} from '../cli.ts';
import {type CommandTable, dispatch} from '../command/dispatch.ts';
import {ClientTrace} from './client-trace.ts';

/** A collector that does not answer costs the user this much at the end of the command. Milliseconds. */
const sendTimeoutMs = 2_000;

/** As `dispatch`; a collector that is not there, or settings that make no sense, are a warning. */
export async function dispatchTraced(
  table: CommandTable,
  cli: Cli,
  words: string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const settings = settingsOf(cli, env);
  if (!settings || words[0] === 'trace') return dispatch(table, cli, words);
  const trace = new ClientTrace(`docker ${words[0] ?? ''}`.trim(), env.TRACEPARENT ?? '');
  cli.trace = trace;
  let failure: unknown;
  try {
    return await dispatch(table, cli, words);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    trace.end(failure);
    await send(cli, settings, trace);
  }
}

function settingsOf(cli: Cli, env: NodeJS.ProcessEnv): OtlpSettings | undefined {
  try {
    return otlpSettings(env);
  } catch (error) {
    cli.warn(`WARNING: ${(error as Error).message}`);
    return undefined;
  }
}

async function send(cli: Cli, settings: OtlpSettings, trace: ClientTrace): Promise<void> {
  const timeoutMs = Math.min(settings.timeoutMs, sendTimeoutMs);
  try {
    await sendSpans({...settings, timeoutMs}, trace.spans);
  } catch (error) {
    if (cli.globals.isDebug) cli.warn((error as Error).message);
  }
}
