/** The W3C header that ties the spans of several processes to one trace. */

export interface TraceParent {
  /** 32 hexadecimal digits, not all zero. */
  traceId: string;
  /** 16 of them. */
  spanId: string;
  /** Somebody keeps this trace. */
  sampled: boolean;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined for what is empty or malformed: such a header counts as none. */
export function parseTraceparent(text: string): TraceParent | undefined {
  const [, version = 'ff', traceId = '', spanId = '', flags = '', rest] = pattern.exec(text) ?? [];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined;
  return {traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1};
}

export function formatTraceparent({traceId, spanId, sampled}: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
