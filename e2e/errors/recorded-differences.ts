/** Where ours answers otherwise than Docker 28.5 was recorded to, and why. */
export interface KnownDifference {
  /** Method, path and body, or note. */
  request: RegExp;
  /** What ours says. */
  answer: RegExp;
  because: string;
}

const missing = 'not there yet: the answer says so';
const offline = 'both have no network, and say so in the words of their libraries';
const runtime = 'the words are those of the installed runc, which is an older one than the one that was recorded';
const wording = 'says what is wrong with the archive instead of that it ended';

export const knownDifferences: KnownDifference[] = [
  {
    request: /^GET .*images\/nosuch\/get /,
    answer: /No such image: nosuch:latest/,
    because: 'as all other routes have it: with the tag',
  },
  {
    request: /^DELETE .*networks\/net1 /,
    answer: /network net1 has active endpoints \(name:\\"n1\\" id:\\"ID\\", name:\\"n2\\" id:\\"ID\\"\)/,
    because: "the original's order is that of a Go map: any",
  },
  {
    request: /^DELETE .*images\/busybox /,
    answer: /unable to delete busybox:latest \(must be forced\) - container ID is using its referenced image ID/,
    because: "the words of the original's containerd image store, which ours is",
  },
  {
    request: /^DELETE .*images\/busybox\?noprune=1 /,
    answer: /unable to delete busybox:latest \(must be forced\)/,
    because: "the words of the original's containerd image store, which ours is",
  },
  {
    request: /^POST .*images\/create $/,
    answer: /either fromImage or fromSrc must be given/,
    because: "the client's error, where the original asks a machine without a name",
  },
  {request: /^POST .*images\/busybox\/push /, answer: /"errorDetail":.*registry-1\.docker\.io/, because: offline},
  {request: /^POST .*auth \{\}/, answer: /registry-1\.docker\.io/, because: offline},
  {
    request: /^POST .*auth $/,
    answer: /got EOF while reading request body/,
    because: "a body that is not there is the client's error, as on all other routes",
  },
  {
    request: /^GET .*attach\/ws /,
    answer: /the client does not ask for a websocket connection/,
    because: 'a JSON answer like all others, with the reason',
  },
  {request: /^POST .*images\/load notatar/, answer: /errorDetail.*invalid tar/, because: wording},
  {request: /^POST .*fromSrc=-&repo=imp notatar/, answer: /invalid tar/, because: wording},
  {request: /^POST .*build notatar/, answer: /not supported yet/, because: missing},
  {request: /^POST .*build\?dockerfile=nosuch/, answer: /not supported yet/, because: missing},
  {request: /^POST .*swarm\/join/, answer: /not supported yet/, because: missing},
  {request: /^POST .*session/, answer: /not supported yet/, because: missing},
  {request: /^POST .*grpc/, answer: /not supported yet/, because: missing},
  {request: /e_noexec/, answer: /exec: \\"\/nosuchbinary\\": stat \/nosuchbinary: no such file/, because: runtime},
  {request: /e_perm/, answer: /exec: \\"\/etc\/passwd\\": permission denied/, because: runtime},
  {request: /e_dir/, answer: /exec: \\"\/etc\\": permission denied/, because: runtime},
  {request: /e_bindfile/, answer: /not a directory: Are you trying to mount a directory onto a file/, because: runtime},
  {request: /e_cmdempty/, answer: /exec: \\"\\": executable file not found in \$PATH/, because: runtime},
];
