import {readFile} from 'node:fs/promises';

/** Id of a group of this host, by name or number; undefined when /etc/group does not have it. */
export async function lookupGroupId(group: string, path = '/etc/group'): Promise<number | undefined> {
  if (/^\d+$/.test(group)) return Number(group);
  const lines = (await readFile(path, 'utf8')).split('\n');
  const fields = lines.map(line => line.split(':')).find(([name]) => name === group);
  return fields?.[2] === undefined ? undefined : Number(fields[2]);
}
