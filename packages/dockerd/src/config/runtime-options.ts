/** `options` of a runtime in daemon.json: fields of the shim's options message, by the names that TOML gives them. */

export interface RuncOptions {
  binaryName: string;
  root: string;
  systemdCgroup: boolean;
}

const runcType = 'io.containerd.runc.v2';
const types = {BinaryName: 'string', Root: 'string', SystemdCgroup: 'boolean'} as const;

/** What is wrong with them; undefined when nothing is. */
export function checkRuntimeOptions(
  runtimeType: string,
  options: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (runtimeType !== runcType) return `options of the runtime type ${runtimeType} are not supported yet`;
    const known = Object.keys(types).find(each => each.toLowerCase() === name.toLowerCase());
    if (!known) return `option ${name} is not supported yet`;
    const type = types[known as keyof typeof types];
    if (typeof value !== type) return `invalid value ${JSON.stringify(value)} for option ${name}: expected a ${type}`;
  }
  return undefined;
}

/** Of options that were checked; what is not given is empty. */
export function readRuntimeOptions(options: Readonly<Record<string, unknown>>): RuncOptions {
  const given = new Map(Object.entries(options).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    binaryName: (given.get('binaryname') as string | undefined) ?? '',
    root: (given.get('root') as string | undefined) ?? '',
    systemdCgroup: given.get('systemdcgroup') === true,
  };
}
