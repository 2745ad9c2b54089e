/** Whether the variables of OpenTelemetry ask for a trace. Looked at with every command, so it loads nothing. */

/** A collector is configured, and nobody has switched it off. */
export function wantsTrace(env: NodeJS.ProcessEnv): boolean {
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || (env.OTEL_TRACES_EXPORTER ?? 'otlp') !== 'otlp';
  return !isOff && Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}
