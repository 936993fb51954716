import { randomUUID } from "node:crypto";

/** How clients know a call: by an id that no other call has, in whatever conversation. The core's own are unique in one only. */
export function callId(): string {
  return `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
