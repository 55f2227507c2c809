/** What one handshake of a connection demands of the next: pure functions to a value, or to the reason of a refusal. @module */
import { Either } from "../../deps.ts";
import { equal } from "../../crypto/equal.ts";
import { Refused } from "../../faults/errors/connection.ts";
import {
  type ClientHello,
  type ClientHelloExtension,
  findExtension,
  type ServerHello,
} from "../../messages/mod.ts";
import { CipherSuite } from "../../names/cipher_suite.ts";
import type { Policy } from "../../tables/policy.ts";
import type { Suite } from "../../tables/suites.ts";
import { type Bytes, concat, EMPTY, sameBytes } from "../../wire/bytes.ts";
import type { Again, Renegotiable } from "./established.ts";

type Previous = Renegotiable | undefined;

const refused = (detail: string) => Either.left(new Refused({ reason: "insecure_renegotiation", detail }));

/** The content of a ClientHello's renegotiation_info (RFC 5746 §3.4, §3.5). */
export const clientInfo = (previous: Previous): Bytes => previous?.verifyData.client ?? EMPTY;

/** The content of a ServerHello's renegotiation_info (RFC 5746 §3.6, §3.7). */
export const serverInfo = (previous: Previous): Bytes =>
  previous ? concat(previous.verifyData.client, previous.verifyData.server) : EMPTY;

/**
 * Whether a session may be resumed. In a renegotiation of a connection without the extended master secret, only if policy
 * resumes sessions without it (RFC 7627 §5.4).
 */
export const mayResume = (again: Again | undefined, policy: Policy): boolean =>
  !again || (again.resume &&
    (again.previous.negotiated.extendedMasterSecret || policy.resumeWithoutExtendedMasterSecret));

/**
 * Whether a connection may renegotiate. A session that was resumed without the extended master secret may be an
 * attacker's as well, and then RFC 5746 binds nothing (RFC 7627 §5.4). One that was resumed in a renegotiation is bound to
 * the handshake before it, which was safe.
 */
export const isSafe = ({ negotiated, renegotiated }: Renegotiable, policy: Policy): boolean => {
  const { secureRenegotiation, extendedMasterSecret, resumed } = negotiated;
  return policy.insecureRenegotiation ||
    (secureRenegotiation && (extendedMasterSecret || !resumed || renegotiated));
};

/** Compares a renegotiation_info with what it must be. */
const matches = (
  info: { readonly renegotiatedConnection: Bytes } | undefined,
  due: Bytes,
  previous: Previous,
): Either.Either<boolean, Refused> => {
  if (!info) return refused("renegotiation_info is missing in a renegotiation");
  if (equal(info.renegotiatedConnection, due)) return Either.right(true);
  return refused(
    previous
      ? "renegotiation_info is not of this connection: somebody may stand between"
      : "renegotiation_info is not empty in a first handshake",
  );
};

/** Whether a ClientHello is bound to the connection; a refusal if it must be and is not (RFC 5746 §3.6, §3.7). */
export const boundHello = (
  previous: Previous,
  hello: ClientHello,
  extensions: ReadonlyArray<ClientHelloExtension>,
): Either.Either<boolean, Refused> => {
  const info = findExtension(extensions, "renegotiation_info");
  const scsv = hello.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  if (!previous) return info ? matches(info, EMPTY, previous) : Either.right(scsv);
  if (scsv) return refused("TLS_EMPTY_RENEGOTIATION_INFO_SCSV in a renegotiation");
  if (previous.negotiated.secureRenegotiation) return matches(info, clientInfo(previous), previous);
  return info ? refused("renegotiation_info on a connection that began without it") : Either.right(false);
};

/**
 * Whether a ServerHello is bound to the connection; a refusal if it must be and is not (RFC 5746 §3.4, §3.5). Only policy
 * refuses a server that does not know RFC 5746.
 */
export const boundAnswer = (
  previous: Previous,
  server: ServerHello,
  policy: Policy,
): Either.Either<boolean, Refused> => {
  const info = findExtension(server.extensions, "renegotiation_info");
  if (previous?.negotiated.secureRenegotiation === false) {
    return info ? refused("renegotiation_info on a connection that began without it") : Either.right(false);
  }
  if (previous || info) return matches(info, serverInfo(previous), previous);
  return policy.requireSecureRenegotiation
    ? refused("the server does not know RFC 5746")
    : Either.right(false);
};

/** Refuses a renegotiation that loses the extended master secret or encrypt-then-MAC (RFC 7627 §5.4, RFC 7366 §3.1). */
export const keepsPromises = (
  previous: Previous,
  now: { readonly extendedMasterSecret: boolean; readonly encryptThenMac: boolean; readonly suite: Suite },
): Either.Either<void, Refused> => {
  if (!previous) return Either.void;
  // A renegotiation may gain it; OpenSSL and GnuTLS allow that, too.
  if (previous.negotiated.extendedMasterSecret && !now.extendedMasterSecret) {
    return Either.left(
      new Refused({
        reason: "renegotiation_changes_extended_master_secret",
        detail: "the connection had extended_master_secret before",
      }),
    );
  }
  return previous.encryptThenMac && !now.encryptThenMac && now.suite.cipher._tag === "cbc"
    ? Either.left(
      new Refused({
        reason: "renegotiation_loses_encrypt_then_mac",
        detail: "the connection had encrypt_then_mac before",
      }),
    )
    : Either.void;
};

/**
 * Refuses a server that shows another certificate in a renegotiation, unless policy allows it. Otherwise an attacker could
 * lead a client from one server to another unnoticed (the triple handshake).
 */
export const sameServer = (
  previous: Previous,
  chain: ReadonlyArray<Bytes>,
  policy: Policy,
): Either.Either<void, Refused> => {
  if (!previous || policy.serverMayChangeCertificate) return Either.void;
  const [before, now] = [previous.peerCertificates[0] ?? EMPTY, chain[0] ?? EMPTY];
  return sameBytes(before, now) ? Either.void : Either.left(
    new Refused({
      reason: "server_certificate_changed",
      detail: "the server shows another certificate in a renegotiation",
    }),
  );
};
