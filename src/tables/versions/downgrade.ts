/** How a client notices that an attacker made both ends speak a lower version than they could (RFC 8446 §4.1.3). @module */
import { ProtocolVersion } from "../../names/protocol.ts";
import { ascii, type Bytes, sameBytes } from "../../wire/bytes.ts";

const sentinel = (last: number): Bytes => Uint8Array.of(...ascii("DOWNGRD"), last);
const TO_12 = sentinel(1);
const BELOW_12 = sentinel(0);

/**
 * The last eight bytes of a server's random if it speaks a lower version than its best (RFC 8446 §4.1.3); `undefined` if it
 * need not say so. A client that offered a higher version then knows that an attacker interfered.
 */
export const downgradeSentinel = (spoken: ProtocolVersion, best: ProtocolVersion): Bytes | undefined =>
  spoken >= best || best < ProtocolVersion.TLS_1_2
    ? undefined
    : spoken >= ProtocolVersion.TLS_1_2
    ? TO_12
    : BELOW_12;

/** Whether a server's random says that it could have spoken a higher version, up to the client's own `best`. */
export const isDowngraded = (random: Bytes, spoken: ProtocolVersion, best: ProtocolVersion): boolean => {
  if (downgradeSentinel(spoken, best) === undefined) return false;
  const end = random.subarray(random.length - 8);
  return sameBytes(end, BELOW_12) || (best > ProtocolVersion.TLS_1_2 && sameBytes(end, TO_12));
};
