/** What the configuration wants of the daemon's own process. */
import {mkdir} from 'node:fs/promises';
import {cgroupAt, setOomScoreAdj} from '@longshore/linux';

export interface ProcessSettings {
  /** oom_score_adj; 0 leaves it. */
  readonly oomScore: number;
  /** Cgroup to move to, from the root of its hierarchy; empty to stay. */
  readonly cgroup: string;
  /** Directory for temporary files, of the daemon and of what it starts; empty for the machine's. */
  readonly temp: string;
}

export async function prepareProcess({oomScore, cgroup, temp}: ProcessSettings): Promise<void> {
  if (oomScore !== 0) setOomScoreAdj(oomScore);
  if (cgroup !== '') {
    const own = cgroupAt(cgroup.startsWith('/') ? cgroup : `/${cgroup}`);
    own.create();
    own.addProcess(process.pid);
  }
  if (temp !== '') {
    await mkdir(temp, {recursive: true, mode: 0o711});
    process.env.TMPDIR = temp;
  }
}
