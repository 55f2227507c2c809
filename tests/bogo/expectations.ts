/** What was heard during a shim's handshake, and what its flags expect of that. @module */
import type { Connection } from "../../src/connection/connection.ts";
import { Effect, Either } from "../../src/deps.ts";
import {
  ClientHello,
  findExtension,
  NewSessionTicket,
  NewSessionTicket13,
  ServerHello,
} from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { HandshakeType, ProtocolVersion } from "../../src/names/protocol.ts";
import type { CredentialRequest } from "../../src/ports/credentials.ts";
import type { ConnectionEvent, Observe } from "../../src/ports/observer.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { certificatesFromPem } from "../../src/x509/pem.ts";
import { type Config, Unexpected } from "./flags.ts";
import { namesOf } from "./settings.ts";
import { textOf } from "../support/text.ts";

/** Fails where two things are not the same. */
export const expect = (what: string, got: unknown, wanted: unknown): Effect.Effect<void, Unexpected> =>
  got === wanted ? Effect.void : new Unexpected({ what: `${what}: got ${got}, expected ${wanted}` });

/** What passed by. */
export class Heard {
  /** Handshakes that were finished. */
  handshakes = 0;
  newTicket = false;
  /** Whether the last ticket of TLS 1.3 allows early data; `undefined` if none came. */
  earlyTickets: boolean | undefined;
  clientHello: ClientHello | undefined;
  serverHello: ServerHello | undefined;
  /** Of the peer's CertificateVerify. */
  proofScheme: number | undefined;
  /** What passed, as the reference writes it down. */
  trace = "";
  asked: (CredentialRequest & { readonly role: "client" }) | undefined;

  readonly request = (request: CredentialRequest): void => {
    if (request.role === "client") this.asked = request;
  };

  readonly observe: Observe = (event) => {
    this.trace += traceOf(event);
    if (event._tag !== "message") return;
    const { message, direction } = event;
    if (message instanceof ClientHello) this.clientHello = message;
    if (message instanceof ServerHello) this.serverHello = message;
    if (direction !== "received") return;
    if (message instanceof NewSessionTicket) this.newTicket = true;
    if (message instanceof NewSessionTicket13) {
      this.earlyTickets = findExtension(message.extensions, "early_data") !== undefined;
    }
    if (message._tag === "Finished") this.handshakes++;
    if (message._tag === "CertificateVerify" && "algorithm" in message) {
      this.proofScheme = Number(message.algorithm);
    }
  };
}

const traceOf = (event: ConnectionEvent): string => {
  const verb = event.direction === "sent" ? "write" : "read";
  switch (event._tag) {
    case "alert":
      return `${verb} alert ${event.level} ${event.description}\n`;
    case "changeCipherSpec":
      return `${verb} ccs\n`;
    case "message": {
      const [type, high] = event.raw;
      // The format of SSL 2.0 has a version where the others have the upper byte of a length.
      return type === HandshakeType.client_hello && high === 3
        ? `${verb} v2clienthello\n`
        : `${verb} hs ${type}\n`;
    }
  }
};

const list = (sct: ReadonlyArray<Uint8Array>): string => {
  const items = sct.map((item) => item.length.toString(16).padStart(4, "0") + toHex(item)).join("");
  return (items.length / 2).toString(16).padStart(4, "0") + items;
};

/** Fails at the first flag whose expectation is not met. */
export const unmet = (
  config: Config,
  resumes: boolean,
  { negotiated, peerCertificates }: Connection,
  heard: Heard,
): Effect.Effect<void, Unexpected> =>
  Effect.gen(function* () {
    const n = yield* negotiated;
    yield* expect("resumed", n.resumed, resumes && !config["expect-session-miss"]);
    const scheme = config.server ? heard.proofScheme : n.signatureScheme;
    // Before TLS 1.2 nothing is said of it.
    const signed = n.version < ProtocolVersion.TLS_1_2 ? 0 : scheme;
    const { asked } = heard;
    const given = (flag: keyof Config, got: unknown, wanted: unknown = true) =>
      config[flag] === undefined ? Effect.void : expect(flag, got, wanted);
    yield* given("expect-version", n.version, config["expect-version"]);
    yield* given("expect-cipher", n.cipherSuite, config["expect-cipher"]);
    yield* given("expect-extended-master-secret", n.extendedMasterSecret);
    yield* given("expect-secure-renegotiation", n.secureRenegotiation);
    yield* given("expect-no-secure-renegotiation", n.secureRenegotiation, false);
    // What a client makes up for its ticket names no session.
    const sessionId = n.version < ProtocolVersion.TLS_1_3 && n.sessionId.length > 0 && !n.sessionTicket;
    yield* given("expect-session-id", sessionId);
    yield* given("expect-no-session-id", sessionId, false);
    yield* given("expect-ticket-renewal", heard.newTicket);
    yield* given("expect-server-name", n.serverName, config["expect-server-name"]);
    yield* given("expect-hrr", n.helloRetried);
    yield* given("expect-no-hrr", n.helloRetried, false);
    yield* given("expect-accept-early-data", n.earlyData);
    yield* given("expect-reject-early-data", n.earlyData ?? false, false);
    yield* given("expect-no-offer-early-data", n.earlyData === undefined);
    yield* given("expect-no-session", n.resumed, false);
    yield* given("expect-alpn", n.alpn ?? "", config["expect-alpn"]);
    yield* given("expect-no-alpn", n.alpn === undefined);
    // A session does not remember the group or the signature that it began with.
    if (!n.resumed) {
      yield* given("expect-curve-id", n.group, config["expect-curve-id"]);
      yield* given("expect-peer-signature-algorithm", signed, config["expect-peer-signature-algorithm"]);
      yield* given("expect-ocsp-response", hexOf(n.ocspResponse), hexOf(config["expect-ocsp-response"]));
      yield* given(
        "expect-signed-cert-timestamps",
        list(n.signedCertificateTimestamps),
        hexOf(config["expect-signed-cert-timestamps"]),
      );
    }
    yield* given(
      "expect-advertised-alpn",
      findExtension(heard.clientHello?.extensions, "application_layer_protocol_negotiation")?.protocolNameList
        .map((name) => String.fromCharCode(name.length) + textOf(name)).join(""),
      config["expect-advertised-alpn"],
    );
    yield* given(
      "expect-certificate-types",
      toHex(Uint8Array.from(asked?.types ?? [])),
      hexOf(config["expect-certificate-types"]),
    );
    yield* given(
      "expect-client-ca-list",
      asked?.authorities.map(toHex).join(","),
      namesOf(config["expect-client-ca-list"] ?? "").join(","),
    );
    const prefs = config.server
      ? findExtension(heard.clientHello?.extensions, "signature_algorithms")?.supportedSignatureAlgorithms
      : asked?.schemes;
    yield* given("expect-peer-verify-pref", prefs?.join(), config["expect-peer-verify-pref"]?.join());
    const file = config["expect-peer-cert-file"];
    if (file !== undefined) {
      const wanted = Either.getOrThrow(certificatesFromPem(Deno.readTextFileSync(file)));
      const got = yield* peerCertificates;
      yield* expect(
        "the peer's chain",
        got.map(({ raw }) => toHex(raw)).join(),
        wanted.map(({ raw }) => toHex(raw)).join(),
      );
    }
    const aes = config["expect-cipher-aes"] ?? config["expect-cipher-no-aes"];
    if (aes !== undefined) {
      yield* expect("cipher", CipherSuite.nameOf(n.cipherSuite), CipherSuite.nameOf(aes as CipherSuite));
    }
  });

const hexOf = (bytes: Uint8Array | undefined): string => toHex(bytes ?? new Uint8Array());
