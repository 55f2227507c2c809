/** The ClientHello in the format of SSL 2.0, which old clients send first (RFC 5246 §E.2). @module */
import { ClientHello } from "../messages/mod.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { type Bytes, EMPTY } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { DecodeError } from "../wire/errors.ts";
import type { ByteQueue } from "./byte_queue.ts";

/** The length of the header in bytes: it holds the message's length, with the highest bit set. */
export const SSLV2_HEADER = 2;

const MSG_CLIENT_HELLO = 1;

/** Whether a stream begins with such a hello for a version above SSL 2.0; `undefined` if more bytes are needed. */
export const beginsWithSslv2Hello = (queue: ByteQueue): boolean | undefined => {
  if (queue.length < 1) return undefined;
  if ((queue.at(0) & 0x80) === 0) return false;
  if (queue.length < 4) return undefined;
  return queue.at(2) === MSG_CLIENT_HELLO && queue.at(3) === 3;
};

/** The length of the message in bytes, as its header says. */
export const sslv2Length = (queue: ByteQueue): number => (queue.at(0) & 0x7f) << 8 | queue.at(1);

const RANDOM = 32;
const hello = codec(ClientHello);

/**
 * The body of the same ClientHello in today's format. `raw` is the message as it came, without the two
 * bytes of its header, which is what is hashed. Throws DecodeError.
 */
export const sslv2Hello = (raw: Bytes): Bytes => {
  const uint16 = (at: number): number => raw[at]! << 8 | raw[at + 1]!;
  const bad = (path: string, offset: number, reason: string) =>
    new DecodeError({ subject: "ClientHello", path, offset, reason });
  if (raw.length < 9) throw bad("", raw.length, "an SSLv2 hello has at least 9 bytes");
  const [specs, id, challenge] = [uint16(3), uint16(5), uint16(7)];
  if (specs % 3 !== 0 || specs === 0) throw bad("cipherSpecLength", 3, `${specs} is no multiple of 3`);
  if (id > RANDOM) throw bad("sessionIdLength", 5, `${id} is more than 32`);
  if (challenge < 16) throw bad("challengeLength", 7, `${challenge} is less than 16`);
  if (raw.length !== 9 + specs + id + challenge) throw bad("", 9, "its lengths do not add up");
  const cipherSuites: Array<CipherSuite> = [];
  for (let at = 9; at < 9 + specs; at += 3) {
    // Suites with another first byte are those of SSL 2.0.
    if (raw[at] === 0) cipherSuites.push(CipherSuite.of(uint16(at + 1)));
  }
  if (cipherSuites.length === 0) {
    throw bad("cipherSpecs", 9, "none of them is a cipher suite of SSL 3.0 or later");
  }
  // A shorter challenge is padded with zeros in front (RFC 6101 §E.1). Of a longer one, the first 32 bytes count.
  const random = new Uint8Array(RANDOM);
  const said = raw.subarray(raw.length - challenge).subarray(0, RANDOM);
  random.set(said, RANDOM - said.length);
  return hello.unsafeEncode(make(ClientHello, {
    clientVersion: ProtocolVersion.of(uint16(1)),
    random,
    // A session ID of SSL 2.0 names no session of ours.
    sessionId: EMPTY,
    cipherSuites,
    compressionMethods: [CompressionMethod.null],
    extensions: undefined,
  }));
};
