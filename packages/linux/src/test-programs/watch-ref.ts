/** Ends by itself only if its watches do not hold it: the mode says which kind there is. */
import {openPipeReader, openPipeWriter, pipe} from '../index.ts';

const {read, write} = pipe();
const mode = process.argv[2];
if (mode === 'reader') openPipeReader(read, {onData: () => {}});
if (mode === 'unreferenced-reader') openPipeReader(read, {onData: () => {}, ref: false});
if (mode === 'idle-writer') await openPipeWriter(write).write(Buffer.from('x'));
if (mode === 'busy-writer') openPipeWriter(write).write(Buffer.alloc(200_000));
process.on('exit', () => process.stdout.write('{"ended":true}'));
setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000).unref();
