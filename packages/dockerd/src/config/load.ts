/** argv and daemon.json → a checked configuration. */
import {readFile} from 'node:fs/promises';
import {EngineError, messageOf} from '@longshore/errdefs';
import {type Config, mergeConfig, parseConfigFile, unsupportedOptions} from './config.ts';
import {type GivenFlags, parseFlags} from './flags.ts';
import {type OptionName, optionTable} from './option-table.ts';
import {verifyConfig} from './verify.ts';

/** Throws `invalid-argument` or `unimplemented` with one line for the administrator. */
export async function loadConfig(argv: readonly string[]): Promise<Config> {
  const flags = parseFlags(argv);
  const file = await loadConfigFile(flags);
  const config = mergeConfig(flags, file);
  const [unsupported] = unsupportedOptions(config);
  if (unsupported) throw unsupported;
  verifyConfig(config);
  return config;
}

async function loadConfigFile(flags: GivenFlags): Promise<Partial<Record<OptionName, unknown>>> {
  const path = (flags.configFile ?? optionTable.configFile.value) as string;
  try {
    const file = parseConfigFile(await readFile(path, 'utf8'));
    mergeConfig(flags, file);
    return file;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && flags.configFile === undefined) return {};
    const why = missing ? `open ${path}: no such file or directory` : messageOf(error);
    throw new EngineError('invalid-argument', `unable to configure the Docker daemon with file ${path}: ${why}`, {
      cause: error,
    });
  }
}
