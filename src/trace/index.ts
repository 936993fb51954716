export { Trace, type TraceData, type TraceStep } from "./trace.ts";
export { tracePage } from "./trace-page.ts";
