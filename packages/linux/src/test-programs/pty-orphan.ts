/** The end of a pty whose last user is no child of this process. */
import {closeFd, openPipeReader, openPty, spawnProcess} from '../index.ts';

const pty = openPty();
let text = '';
const reader = openPipeReader(pty.master, {
  onData: chunk => {
    text += chunk;
  },
  onEnd: () => process.stdout.write(JSON.stringify({text, closed: reader.closed}), () => process.exit(0)),
});
const {slave} = pty;
const script = '(trap "" HUP; sleep 0.3; echo late) & exit 0';
spawnProcess({
  path: '/bin/sh',
  argv: ['sh', '-c', script],
  env: {PATH: process.env.PATH},
  fds: [slave, slave, slave],
  newSession: true,
});
closeFd(slave);
setTimeout(() => process.exit(1), 10_000);
