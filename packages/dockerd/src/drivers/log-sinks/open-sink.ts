/** Which sink a driver has. */
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {LogRequest} from '../../core/ports/container-io.ts';
import {openFluentdSink} from './fluentd/fluentd-sink.ts';
import {openGelfSink} from './gelf/gelf-sink.ts';
import {openJournaldSink} from './journald/journald-sink.ts';
import type {LogSink} from './log-sink.ts';
import {openSplunkSink} from './splunk/splunk-sink.ts';
import {openSyslogSink} from './syslog/syslog-sink.ts';

const sinks: Record<string, (request: LogRequest) => Promise<LogSink>> = {
  fluentd: openFluentdSink,
  gelf: openGelfSink,
  journald: request => openJournaldSink(request),
  splunk: openSplunkSink,
  syslog: openSyslogSink,
};

/** Throws for options that cannot be read and for a collector that cannot be reached. */
export async function openSink(request: LogRequest, log: Logger): Promise<LogSink> {
  const open = sinks[request.driver];
  if (!open) throw new EngineError('invalid-argument', `there is no logging driver ${request.driver}`);
  log.debug({container: request.containerId, driver: request.driver}, 'opening a log driver');
  return open(request);
}
