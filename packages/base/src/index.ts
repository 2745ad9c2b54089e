/** What every Longshore process needs: context, logs, lifetimes, atomic files, ids, back-off, locks, versions. */

export {aborted} from './aborted.ts';
export {AsyncQueue} from './async-queue.ts';
export {readFileIfExists, readJsonIfExists, removeTemporaries, syncDirectory, writeFileAtomic} from './atomic-file.ts';
export type {BackoffOptions} from './backoff.ts';
export {backoff, retry, sleep} from './backoff.ts';
export type {CallContext} from './call-context.ts';
export {backgroundContext, callContext, withNamespace, withSignal, withTimeout} from './call-context.ts';
export type {Deferred} from './deferred.ts';
export {deferred} from './deferred.ts';
export {fileLimitVariable, originalFileLimit} from './file-limit.ts';
export {randomHex, randomId, shortId} from './ids.ts';
export type {LogFields, LogFormat, Logger, LogLevel} from './log.ts';
export {createLogger, discardLogger, logLevels} from './log.ts';
export {KeyedMutex, Mutex} from './mutex.ts';
export {Scope} from './scope.ts';
export {Semaphore} from './semaphore.ts';
export type {FinishedSpan, Span, SpanKind, SpanOptions, SpanSink} from './trace/span.ts';
export {epochNano, startSpan, withSpan} from './trace/span.ts';
export {SpanRing} from './trace/span-ring.ts';
export type {TraceParent} from './trace/traceparent.ts';
export {formatTraceparent, parseTraceparent} from './trace/traceparent.ts';
export {Tracer} from './trace/tracer.ts';
export * from './version.ts';
