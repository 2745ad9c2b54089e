/** GET /system/traces/{id}: an addition of Longshore's to the Engine API. */
export interface EngineTrace {
  /** 32 hexadecimal digits. */
  TraceID: string;
  /** In no particular order; what has not ended yet is not there. */
  Spans: {
    ID: string;
    /** Empty for the first one. */
    ParentID: string;
    Name: string;
    /** Which program: `dockerd`, `containerd`, `containerd-shim-runc-v2`. */
    Service: string;
    Kind: 'internal' | 'server' | 'client';
    /** Since the epoch, decimal: too large for a JSON number. */
    StartNano: string;
    EndNano: string;
    Attributes: Record<string, string>;
    /** Empty when it went well. */
    Error: string;
  }[];
}
