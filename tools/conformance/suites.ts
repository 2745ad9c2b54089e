/** The test packages of the original that make sense here: one test binary each. */
export interface Suite {
  /** Also the name of its test binary. */
  name: string;
  /** Below the source of the original's engine. */
  directory: string;
  /** Expression for `-test.run`; everything without. */
  filter?: string;
  minutes: number;
}

const api = (name: string, minutes = 10): Suite => ({
  name: name.replaceAll('/', '-'),
  directory: `integration/${name}`,
  minutes,
});
/** Tests of the command line, through the client. One package; `filter` takes a part of it. */
const cli = (name: string, filter: string, minutes = 60): Suite => ({
  name: `cli-${name}`,
  directory: 'integration-cli',
  filter,
  minutes,
});

export const suites: readonly Suite[] = [
  api('container', 20),
  api('system'),
  api('network'),
  api('volume'),
  api('image', 20),
  api('daemon'),
  api('plugin/authz'),
  // What needs a builder or a swarm has neither yet; of the command line, the tests of `docker run` are looked through.
  cli('run', 'TestDockerSuite/^TestRun'),
];

/** Every suite, or the named ones. Throws when there is no such suite. */
export function chooseSuites(names: readonly string[]): readonly Suite[] {
  const unknown = names.find(name => !suites.some(suite => suite.name === name));
  if (unknown !== undefined) {
    throw new Error(`no such suite: ${unknown}; there are: ${suites.map(({name}) => name).join(', ')}`);
  }
  return suites.filter(({name}) => names.length === 0 || names.includes(name));
}
