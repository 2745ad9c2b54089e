/** A process that pumps one container's output into its log, to be killed by a test: `DIRECTORY LOG create|reopen [DRIVER]`. */
import {createLogger} from '@longshore/base';
import type {OutputReceiver} from '../../core/ports/container-io.ts';
import {sampleLogRequest} from '../file-log/log-request.testing.ts';
import {StdioDriver} from './container-io.ts';

const [directory = '', path = '', mode, driverName = 'json-file'] = process.argv.slice(2);
const receiver: OutputReceiver = {deliver: () => {}, congestion: () => undefined, keepsNothing: () => true};
const options = {'max-size': '40k', 'max-file': '1000', ...(driverName === 'local' ? {compress: 'false'} : {})};
const log = sampleLogRequest({driver: driverName, options, path});
const driver = new StdioDriver(directory, createLogger());
const request = {containerId: 'c', stdin: false, tty: false, log, receiver};
const io = await (mode === 'create' ? driver.create(request) : driver.reopen(request));
process.on('SIGTERM', () => {
  void io.finish().then(() => process.exit(0));
});
setInterval(() => {}, 1000);
// Last: whoever reads it may end this process at once.
process.stdout.write('ready\n');
