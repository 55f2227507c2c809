/** How a client learns that somebody made a server speak less than both ends could (RFC 8446 §4.1.3). @module */
import { ProtocolVersion } from "../../names/protocol.ts";
import { ascii, type Bytes, sameBytes } from "../../wire/bytes.ts";

const sentinel = (last: number): Bytes => Uint8Array.of(...ascii("DOWNGRD"), last);
const TO_12 = sentinel(1);
const BELOW_12 = sentinel(0);

/**
 * What the last eight bytes of a server's random must be when it speaks less than it could (RFC 8446 §4.1.3): a
 * client that could have spoken more then knows that somebody stood between.
 */
export const downgradeSentinel = (spoken: ProtocolVersion, best: ProtocolVersion): Bytes | undefined =>
  spoken >= best || best < ProtocolVersion.TLS_1_2
    ? undefined
    : spoken >= ProtocolVersion.TLS_1_2
    ? TO_12
    : BELOW_12;

/** Whether a server's random says that it could have spoken more, to a client whose best is `best`. */
export const isDowngraded = (random: Bytes, spoken: ProtocolVersion, best: ProtocolVersion): boolean => {
  if (downgradeSentinel(spoken, best) === undefined) return false;
  const end = random.subarray(random.length - 8);
  return sameBytes(end, BELOW_12) || (best > ProtocolVersion.TLS_1_2 && sameBytes(end, TO_12));
};
