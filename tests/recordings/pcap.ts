/** TCP connections out of a capture file (libpcap's format, Ethernet, IPv4), which is all that is needed of them. @module */
import { type Bytes, concat } from "../../src/wire/bytes.ts";

/** Some bytes of a connection, in the order in which they were captured and as the other end got them. */
export interface Segment {
  readonly from: "client" | "server";
  readonly bytes: Bytes;
}

const ETHERNET = 14;
const TCP = 6;
const SYN = 2;

/** The connections in a capture, each by its segments. Throws for what is no such capture. */
export const connectionsOf = (file: Bytes): ReadonlyArray<ReadonlyArray<Segment>> => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== 0xa1b2c3d4 || view.getUint32(20, true) !== 1) {
    throw new TypeError("no such capture");
  }
  const connections = new Map<string, Connection>();
  for (let at = 24; at < file.length;) {
    const length = view.getUint32(at + 8, true);
    const frame = file.subarray(at + 16, at + 16 + length);
    at += 16 + length;
    const packet = tcp(frame);
    if (!packet) continue;
    const { source, target, flags } = packet;
    const key = [source, target].sort((a, b) => a - b).join(" ");
    // Who says SYN alone is the client, and begins anew.
    if (flags === SYN) connections.set(`${key} ${connections.size}`, new Connection(key, source));
    [...connections.values()].findLast((c) => c.key === key)?.add(packet);
  }
  return [...connections.values()].map(({ segments }) => segments);
};

interface Packet {
  readonly source: number;
  readonly target: number;
  readonly sequence: number;
  readonly flags: number;
  readonly payload: Bytes;
}

const tcp = (frame: Bytes): Packet | undefined => {
  const ip = frame.subarray(ETHERNET);
  if (ip[0]! >> 4 !== 4 || ip[9] !== TCP) return undefined;
  const headerLength = (ip[0]! & 15) * 4;
  const total = ip[2]! << 8 | ip[3]!;
  const segment = ip.subarray(headerLength, total);
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  return {
    source: view.getUint16(0),
    target: view.getUint16(2),
    sequence: view.getUint32(4),
    flags: segment[13]! & 0x17,
    payload: segment.subarray((segment[12]! >> 4) * 4),
  };
};

class Connection {
  readonly segments: Array<Segment> = [];
  /** The sequence number that comes next, by port. */
  readonly #next = new Map<number, number>();
  constructor(readonly key: string, readonly client: number) {}

  add({ source, sequence, flags, payload }: Packet): void {
    const next = this.#next.get(source);
    if ((flags & SYN) !== 0) this.#next.set(source, sequence + 1 >>> 0);
    if (payload.length === 0 || next === undefined) return;
    const ahead = (next - sequence) | 0; // what was there before: said again
    if (ahead < 0) throw new TypeError("a segment is missing");
    if (ahead >= payload.length) return;
    this.#next.set(source, sequence + payload.length >>> 0);
    const from = source === this.client ? "client" : "server";
    this.segments.push({ from, bytes: concat(payload.subarray(ahead)) });
  }
}
