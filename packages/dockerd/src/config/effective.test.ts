/** No option is taken and ignored: each is read by some part of the daemon, or any value of it is refused. */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {unsupportedOptions} from './config.ts';
import {type Option, optionTable} from './option-table.ts';

/** Read in no other place than where they are checked, which is all that there is to do about them. */
const byTheirCheck: Record<string, string> = {
  storageDriver: 'any other value is refused',
  storageOptions: 'any other value is refused',
  rawLogs: 'logs are never coloured, and have full timestamps',
  help: 'main.ts',
  version: 'main.ts',
};

const source = join(import.meta.dirname, '..');
const tables = /(config|option-table|help|flags|kinds|verify|outcomes\.testing|[\w-]+\.test)\.ts$/;
const code = readdirSync(source, {recursive: true, encoding: 'utf8'})
  .filter(
    path => path.endsWith('.ts') && !(path.startsWith('config/') && tables.test(path)) && !/\.test(ing)?\./.test(path),
  )
  .map(path => readFileSync(join(source, path), 'utf8'))
  .join('\n');
/** Read off an object, or taken out of one. */
const isRead = (name: string) => new RegExp(`\\.${name}\\b|[{,]\\s*${name}\\b[^(]`).test(code);

for (const [name, option] of Object.entries(optionTable) as [string, Option][]) {
  const shown = option.flag || option.key || name;
  if (option.unsupported) {
    test(`${shown} is refused`, t => {
      const given = {[name]: 'other'};
      const defaults = Object.fromEntries(
        Object.entries(optionTable).map(([each, {...o}]) => [each, (o as Option).value]),
      );
      const [refusal] = unsupportedOptions({...defaults, ...given} as never).filter(({message}) =>
        message.includes(`--${shown} is`),
      );
      t.regex(refusal?.message ?? '', /is not supported/);
    });
  } else {
    test(`${shown} is read`, t => {
      t.true(isRead(name) || name in byTheirCheck, 'nobody reads it');
    });
  }
}
