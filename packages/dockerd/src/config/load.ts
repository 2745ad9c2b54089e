/** argv and daemon.json → a checked configuration. */
import {readFile} from 'node:fs/promises';
import {EngineError, messageOf} from '@longshore/errdefs';
import {type Config, mergeConfig, parseConfigFile, unsupportedOptions} from './config.ts';
import {type GivenFlags, parseFlags} from './flags.ts';
import {type OptionName, optionTable} from './option-table.ts';
import {type RootlessEnvironment, rootlessDefaults} from './rootless.ts';
import {verifyConfig, verifySettings} from './verify.ts';

/**
 * A daemon that rootlesskit started, as its environment tells, is rootless without being told. Throws
 * `invalid-argument`, `failed-precondition` or `unimplemented` with one line for the administrator.
 */
export async function loadConfig(argv: readonly string[], rootless?: RootlessEnvironment): Promise<Config> {
  const flags = parseFlags(argv);
  const isRootless = flags.rootless ?? (rootless !== undefined && rootless.stateDirectory !== '');
  const defaults = isRootless && rootless ? rootlessDefaults(rootless) : {};
  const path = (flags.configFile ?? defaults.configFile ?? optionTable.configFile.value) as string;
  const content = await readConfigFile(path, flags.configFile !== undefined);
  return checkConfig(flags, content, path, defaults);
}

/**
 * Joins and checks what was given; `content` is undefined without a file, `defaults` come before those of the table.
 * Throws as loadConfig does.
 */
export function checkConfig(
  flags: GivenFlags,
  content: string | undefined,
  path: string,
  defaults: Partial<Record<OptionName, unknown>> = {},
): Config {
  const config =
    content === undefined
      ? mergeConfig(flags, {}, defaults)
      : blame(path, () => mergeConfig(flags, parseConfigFile(content), defaults));
  const [unsupported] = unsupportedOptions(config);
  if (unsupported) throw unsupported;
  if (content === undefined) verifyConfig(config);
  else
    blame(
      path,
      () => verifyConfig(config),
      'merged configuration validation from file and command line flags failed: ',
    );
  verifySettings(config);
  return config;
}

async function readConfigFile(path: string, isGiven: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && !isGiven) return undefined;
    const why = missing ? `open ${path}: no such file or directory` : messageOf(error);
    throw blamed(path, why, error);
  }
}

function blame<T>(path: string, work: () => T, prefix = ''): T {
  try {
    return work();
  } catch (error) {
    throw blamed(path, prefix + messageOf(error), error);
  }
}

function blamed(path: string, why: string, cause: unknown): EngineError {
  return new EngineError('invalid-argument', `unable to configure the Docker daemon with file ${path}: ${why}`, {
    cause,
  });
}
