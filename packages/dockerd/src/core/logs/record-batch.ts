/** Records that lie behind each other in one buffer: no object for each of millions of lines. */
export interface RecordBatch {
  data: Buffer;
  /** Where the first record begins. */
  start: number;
  /** Where each record ends, and the next one begins. */
  ends: readonly number[] | Int32Array;
}

/** Bytes of all records. */
export function batchSize({start, ends}: RecordBatch): number {
  return (ends[ends.length - 1] ?? start) - start;
}

/** Each record by itself, a part of the buffer. */
export function recordsOf({data, start, ends}: RecordBatch): Buffer[] {
  let from = start;
  return Array.from(ends, end => {
    const record = data.subarray(from, end);
    from = end;
    return record;
  });
}

/** The batch without its first `count` records. */
export function withoutFirst(batch: RecordBatch, count: number): RecordBatch {
  return {data: batch.data, start: batch.ends[count - 1] ?? batch.start, ends: batch.ends.slice(count)};
}

/** A batch of one record. */
export function singleRecord(record: Buffer): RecordBatch {
  return {data: record, start: 0, ends: [record.length]};
}
