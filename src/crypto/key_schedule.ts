/**
 * The key schedule of TLS 1.3 (RFC 8446 §7.1). It has three stages, each made of the one before. A stage gives only
 * what it can, most of it as functions of the transcript, so nothing can be derived too early.
 *
 * @module
 */
import type { OfBoth } from "../names/side.ts";
import type { Hash } from "../ports/crypto.ts";
import { type Bytes, EMPTY } from "../wire/bytes.ts";
import { type ExpandLabel, expandLabel } from "./hkdf.ts";
import type { Snapshot } from "./transcript.ts";

/** A transcript that can be hashed. */
export type Said = Pick<Snapshot, "digest">;

/** Where a PSK comes from, as its binder says it: `ext`ernal, a `res`umption, or `imp`orted (RFC 9258 §5.2). */
export type PskOrigin = "ext" | "res" | "imp";

/** The first stage: of a PSK, or of none. */
export interface EarlySecret {
  /** The binder of the PSK over the hash of what it binds (RFC 8446 §4.2.11.2). */
  readonly binder: (origin: PskOrigin, digest: Bytes) => Bytes;
  /** `client_early_traffic_secret`; the transcript is the ClientHello. */
  readonly traffic: (said: Said) => Traffic;
  /** `early_exporter_master_secret`; the transcript is the ClientHello. */
  readonly exporter: (said: Said) => Bytes;
  /** The next stage, with the secret of the (EC)DHE exchange; without one, a PSK is used alone. */
  readonly handshake: (shared?: Bytes) => HandshakeSecret;
}

/** The second stage, once ServerHello is known. */
export interface HandshakeSecret {
  /** The handshake traffic secrets; the transcript ends with ServerHello. */
  readonly traffic: (said: Said) => OfBoth<Traffic>;
  /** The next stage. */
  readonly master: () => MasterSecret;
}

/** The last stage, once the server's Finished is known. */
export interface MasterSecret {
  /** The first application traffic secrets; the transcript ends with the server's Finished. */
  readonly traffic: (said: Said) => OfBoth<Traffic>;
  /** `exporter_master_secret`; the transcript ends with the server's Finished. */
  readonly exporter: (said: Said) => Bytes;
  /** `resumption_master_secret`; the transcript ends with the client's Finished. */
  readonly resumption: (said: Said) => Bytes;
}

/** A traffic secret, and what is derived from it. Its HMAC key is prepared once, for all of that. */
export interface Traffic {
  /** The secret itself, for the key log. */
  readonly secret: Bytes;
  /** The key and the IV that records are protected with (RFC 8446 §7.3). */
  readonly keys: (keyLength: number) => TrafficKeys;
  /** The `verify_data` of a Finished over the hash of the transcript (RFC 8446 §4.4.4). */
  readonly finished: (digest: Bytes) => Bytes;
  /** The traffic secret after a KeyUpdate (RFC 8446 §7.2). */
  readonly next: () => Traffic;
}

/** What records are protected with: a key, and an IV of 12 bytes. */
export interface TrafficKeys {
  readonly key: Bytes;
  readonly iv: Bytes;
}

/** The first stage over a suite's hash, with a PSK or without one. */
export const keySchedule = (hash: Hash, psk?: Bytes): EarlySecret => {
  const { zeros, nothing, fromZeros, withoutPsk } = constantsOf(hash);
  const early = psk === undefined ? withoutPsk : stageOf(hash, nothing, fromZeros([psk]));
  return {
    binder: (origin, digest) => trafficOf(hash, early.derive(`${origin} binder`, nothing)).finished(digest),
    traffic: (said) => trafficOf(hash, early.derive("c e traffic", said.digest(hash))),
    exporter: (said) => early.derive("e exp master", said.digest(hash)),
    handshake: (shared = zeros) => handshakeSecret(hash, early.next(shared)),
  };
};

const handshakeSecret = (hash: Hash, stage: Stage): HandshakeSecret => ({
  traffic: (said) => bothTraffic(hash, stage, "hs", said),
  master: () => masterSecret(hash, stage.next(constantsOf(hash).zeros)),
});

const masterSecret = (hash: Hash, stage: Stage): MasterSecret => ({
  traffic: (said) => bothTraffic(hash, stage, "ap", said),
  exporter: (said) => stage.derive("exp master", said.digest(hash)),
  resumption: (said) => stage.derive("res master", said.digest(hash)),
});

const bothTraffic = (hash: Hash, { derive }: Stage, kind: "hs" | "ap", said: Said): OfBoth<Traffic> => {
  const digest = said.digest(hash);
  return {
    client: trafficOf(hash, derive(`c ${kind} traffic`, digest)),
    server: trafficOf(hash, derive(`s ${kind} traffic`, digest)),
  };
};

/** A traffic secret with what is derived from it, for a secret that is known as bytes. */
export const trafficOf = (hash: Hash, secret: Bytes): Traffic => {
  const derive = expandLabel(hash, secret);
  return {
    secret,
    keys: (keyLength) => ({ key: derive("key", EMPTY, keyLength), iv: derive("iv", EMPTY, IV) }),
    finished: (digest) => hash.hmac(derive("finished", EMPTY))([digest]),
    next: () => trafficOf(hash, derive("traffic upd", EMPTY)),
  };
};

/** The length of an IV in bytes: that of every AEAD of TLS 1.3 (RFC 8446 §5.3). */
const IV = 12;

/** The PSK of a ticket, of the resumption master secret and the ticket's nonce (RFC 8446 §4.6.1). */
export const ticketPsk = (hash: Hash, resumption: Bytes, nonce: Bytes): Bytes =>
  expandLabel(hash, resumption)("resumption", nonce);

/**
 * Keys for another protocol, of an exporter master secret or an early one. Without a context they are the same as with
 * an empty one (RFC 8446 §7.5). Throws RangeError for more than 255 times the length of the hash.
 */
export const exportKeys = (
  hash: Hash,
  exporter: Bytes,
  label: string,
  context: Bytes | undefined,
  length: number,
): Bytes => {
  const secret = expandLabel(hash, exporter)(label, constantsOf(hash).nothing);
  return expandLabel(hash, secret)("exporter", hash.digest([context ?? EMPTY]), length);
};

/**
 * The PSK that stands for an external one in one version and with one KDF (RFC 9258 §5.1). `hash` is the one that the
 * external PSK is for, SHA-256 unless agreed otherwise; `identity` is the encoded `ImportedIdentity`; `length` is that
 * of the hash of the KDF which it names.
 */
export const importedPsk = (hash: Hash, external: Bytes, identity: Bytes, length: number): Bytes =>
  expandLabel(hash, constantsOf(hash).fromZeros([external]))("derived psk", hash.digest([identity]), length);

/** A secret of the schedule: what is derived from it, and the stage that follows with new input. */
interface Stage {
  readonly derive: ExpandLabel;
  readonly next: (input: Bytes) => Stage;
}

const stageOf = (hash: Hash, nothing: Bytes, secret: Bytes): Stage => {
  const derive = expandLabel(hash, secret);
  let fromDerived: ReturnType<Hash["hmac"]> | undefined;
  return {
    derive,
    next: (input) => {
      fromDerived ??= hash.hmac(derive("derived", nothing));
      return stageOf(hash, nothing, fromDerived([input]));
    },
  };
};

/** What is the same in every handshake with a hash. */
interface Constants {
  readonly zeros: Bytes;
  /** The hash of nothing. */
  readonly nothing: Bytes;
  /** HKDF-Extract with a salt of zeros. */
  readonly fromZeros: ReturnType<Hash["hmac"]>;
  readonly withoutPsk: Stage;
}

const constants = new WeakMap<Hash, Constants>();

const constantsOf = (hash: Hash): Constants => {
  const known = constants.get(hash);
  if (known) return known;
  const zeros = new Uint8Array(hash.length);
  const nothing = hash.digest([]);
  const fromZeros = hash.hmac(zeros);
  const made = { zeros, nothing, fromZeros, withoutPsk: stageOf(hash, nothing, fromZeros([zeros])) };
  constants.set(hash, made);
  return made;
};
