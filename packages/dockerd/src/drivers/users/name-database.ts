/** Users and groups of the machine: its files, and what else its name service knows. */
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {readFileIfExists} from '@longshore/base';

const run = promisify(execFile);
const getentTimeoutMs = 10_000;

export interface NamedId {
  name: string;
  id: number;
}

/** By name or number. getent(1) is asked where the files do not know it: directories like LDAP. */
export async function findEntry(database: 'passwd' | 'group', key: string | number): Promise<NamedId | undefined> {
  const text = (await readFileIfExists(`/etc/${database}`)) ?? '';
  return findLine(text, key) ?? findLine(await getent(database, String(key)), key);
}

function findLine(text: string, key: string | number): NamedId | undefined {
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (!/^\d+$/.test(id)) continue;
    if (typeof key === 'number' ? Number(id) === key : name === key) return {name, id: Number(id)};
  }
  return undefined;
}

/** Empty without such an entry, or without getent. */
async function getent(database: string, key: string): Promise<string> {
  return await run('getent', [database, key], {timeout: getentTimeoutMs}).then(
    ({stdout}) => stdout,
    () => '',
  );
}
