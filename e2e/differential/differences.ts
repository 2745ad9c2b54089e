/**
 * Where ours answers otherwise than Debian's engine (20.10, API 1.41), and why. Ours follows 28.5: most entries are what
 * changed between the two.
 */

/** A difference that is meant: what is said of it in the report matches. */
export interface Difference {
  problem: RegExp;
  because: string;
}

export const differences: Difference[] = [
  {problem: /HostConfig\.KernelMemory(TCP)? is missing$/, because: 'removed from the API by 28'},
  {problem: /^create without a body: 400 .*, not 500 EOF$/, because: "the client's error since 23"},
  {
    problem: /: 400 invalid JSON: json: .*, not 500 json: /,
    because: "a body of the wrong types is the client's error since 24",
  },
  {
    problem: /: 400 invalid filter.*, not (500|200) /,
    because: "a filter that cannot be read is the client's error since 24",
  },
  {problem: /filters=.*(publish).*: 200 , not 500 /, because: 'a port that is none matches nothing'},
  {
    problem: /filters=.*before.*: 404 No such container: nonesuch, not 500 no such container nonesuch$/,
    because: 'an unknown container is not found since 24',
  },
  {problem: /^missing: kill with a signal that is none: 404 /, because: 'the container is looked up first'},
  {
    problem: /exec start of nothing: 404 No such exec instance: nonesuch, not 400 got EOF/,
    because: 'a body is optional since 23',
  },
  {problem: /stats once: (name|id) is missing$/, because: '28 answers a one-shot sample without them'},
  {
    problem: /archive that is none: 400 invalid tar: .*, not 500 Error processing tar file/,
    because: "the client's error, found without a further process",
  },
  {
    problem: /^(create|inspect) with host (IpcMode|PidMode|UTSMode)="wrong": 40[04] /,
    because: 'modes are checked at create since 24',
  },
  {
    problem: /^(create|inspect) with host DeviceCgroupRules=\["nonsense"\]: 40[04] /,
    because: 'rules are checked at create',
  },
  {
    problem: /: 400 invalid reference format.*, not 500 invalid reference format/,
    because: "a bad name is the client's error since 24",
  },
  {problem: /^POST \/images\/create: 400 /, because: 'the original takes nothing for a URL'},
  {
    problem: /^network without a name: 400 invalid name: name is empty, not 500 /,
    because: "the client's error since 25",
  },
  {problem: /^network with a bad subnet: 400 invalid network config/, because: "the client's error since 25"},
  {
    problem: /^connect with a foreign address: 400 invalid config for network net3/,
    because: 'checked at once since 25',
  },
  {
    problem:
      /^GET \/info: (KernelMemory|BridgeNf|RegistryConfig\.AllowNon|Runtimes\.io\.containerd\.runtime\.v1|\w+Commit\.Expected)/,
    because: 'gone from 28',
  },
  {
    problem: /^GET \/system\/df: (BuilderSize|Containers\[\]\.NetworkSettings\.Networks\.net3) is missing$/,
    because: 'gone from 28; the network was left',
  },
  {problem: /^auth by broken JSON: 400 .*, not 500 unexpected EOF$/, because: "the client's error"},
];
